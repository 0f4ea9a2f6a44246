import { assertKindedResource, isNonEmptyText } from "./assertions.js";
import { type Enforcement, wholeKind } from "./enforcement.js";
import { AuthorizationSetupError } from "./errors.js";
import type { Filter } from "./filter/filter.js";
import type { AuxData, KindedResource, PolicyChoice, Principal } from "./types.js";

/** What policies can look at besides the principal and the resource, where no request says it. */
export interface QuestionContext {
  /** Default: nothing. */
  readonly auxData?: AuxData | undefined;
}

/**
 * The permissions of one principal, by `authorizer.for()`: for jobs, WebSockets and resolvers. `req.authz` is built on it.
 *
 * Without a request each question is asked anew, and nothing is kept: it may live as long as a connection does.
 */
export class PrincipalAuthorization {
  /** Whom the questions are about; `null` for nobody. */
  readonly principal: Principal | null;
  readonly #enforcement: Enforcement;

  constructor(enforcement: Enforcement) {
    this.principal = enforcement.principal;
    this.#enforcement = enforcement;
  }

  /**
   * Whether the principal may do an action. Checks of the same tick become one call to the PDP.
   *
   * @param resource - the resource, with its kind
   * @param action - action, as policies name it
   * @returns `false`, without asking the PDP, when there is no principal or the principal has no role
   * @throws {@link PdpUnavailableError}, {@link PdpRejectedError} or {@link PdpFailedError} when there is no answer, and
   * {@link DecisionNotRecordedError} when it cannot be recorded
   */
  async can(resource: KindedResource, action: string): Promise<boolean> {
    assertKindedResource(resource);
    return (await this.#enforcement.checks.answer({ kind: resource.kind, resource, action })).allowed;
  }

  /**
   * The same as {@link can} for several resources and actions.
   *
   * @returns for each resource, in their order, whether each action is allowed
   * @throws what {@link can} throws
   */
  async canEach<A extends string>(
    resources: readonly KindedResource[],
    actions: readonly A[],
  ): Promise<Readonly<Record<A, boolean>>[]> {
    const ask = async (resource: KindedResource) =>
      Promise.all(actions.map(async (action) => [action, await this.can(resource, action)] as const));
    const answers = await Promise.all(resources.map(ask));
    return answers.map((allowed) => Object.fromEntries(allowed) as Record<A, boolean>);
  }

  /**
   * Resolves only when the principal may do the action: for what is about to be done. It asks and records as the guard of a
   * route does, each time anew.
   *
   * @param resource - the resource, with its kind; with the id `*` for the kind as a whole
   * @param action - action, as policies name it
   * @throws {@link UnauthenticatedError} when there is no principal, {@link DeniedError} when the action is denied or the
   *   principal has no role
   * @throws {@link PdpUnavailableError}, {@link PdpRejectedError} or {@link PdpFailedError} when there is no answer, and
   * {@link DecisionNotRecordedError} when it cannot be recorded
   */
  async enforce(resource: KindedResource, action: string): Promise<void> {
    assertKindedResource(resource);
    await this.#enforcement.enforce(resource.kind, action, () => resource);
  }

  /**
   * Asks the PDP on which resources of a kind the principal may do an action, for the query of a list.
   *
   * @param kind - resource kind, as policies name it
   * @param action - action, as policies name it
   * @param policy - scope and version of the policy that decides, where there are several
   * @returns the filter for the list's query, for `toSql`. It is `{ decision: "denied" }` when there is no such resource and,
   *   without asking the PDP, when there is no principal or the principal has no role
   * @throws {@link AuthorizationSetupError} when the kind or action is not a non-empty string, or the policy not a choice
   * @throws {@link PdpUnavailableError}, {@link PdpRejectedError}, {@link PdpFailedError} or
   * {@link UnsupportedPlanError} when there is no answer, and {@link DecisionNotRecordedError} when it cannot be recorded
   * @see https://docs.cerbos.dev/cerbos/latest/api/#resources-query-plan
   */
  async filter(kind: string, action: string, policy: PolicyChoice = {}): Promise<Filter> {
    if (![kind, action].every(isNonEmptyText)) {
      throw new AuthorizationSetupError("A plan needs a kind and an action, as non-empty strings.");
    }
    const { pdp, principalOrRefusal } = this.#enforcement;
    const check = { kind, action, resource: wholeKind(() => policy) };
    if (typeof principalOrRefusal === "string") {
      await pdp.recordRefusal("filter", check, principalOrRefusal);
      return { decision: "denied" };
    }
    return (await pdp.plan(principalOrRefusal, check)).filter;
  }
}
