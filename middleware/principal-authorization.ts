import type { Enforcement } from "./enforcement.js";
import type { Filter } from "./filter/filter.js";
import type { Action, AnyResource, AskedKindedResource, DeclaredPrincipal, Kind } from "./typed/policies.js";
import type { AuxData, PolicyChoice } from "./types.js";

/** What policies can look at besides the principal and the resource, where no request says it. */
export interface QuestionContext {
  /** Default: nothing. */
  readonly auxData?: AuxData | undefined;
}

/**
 * The permissions of one principal, by `authorizer.for()`: for jobs and long connections. `req.authz` answers by the same means.
 *
 * Without a request each question is asked anew, and nothing is kept: it may live as long as a connection does.
 */
export class PrincipalAuthorization {
  /** Whom the questions are about; `null` for nobody. */
  readonly principal: DeclaredPrincipal | null;
  readonly #enforcement: Enforcement;

  constructor(enforcement: Enforcement) {
    this.principal = enforcement.principal as DeclaredPrincipal | null;
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
  can<R extends AnyResource, A extends Action<R["kind"]>>(
    resource: R & NoInfer<AskedKindedResource<R, A>>,
    action: A,
  ): Promise<boolean> {
    return this.#enforcement.checks.can(resource, action);
  }

  /**
   * The same as {@link can} for several resources and actions.
   *
   * @returns for each resource, in their order, whether each action is allowed
   * @throws what {@link can} throws
   */
  canEach<R extends AnyResource, A extends Action<R["kind"]>>(
    resources: readonly (R & NoInfer<AskedKindedResource<R, A>>)[],
    actions: readonly A[],
  ): Promise<Readonly<Record<A, boolean>>[]> {
    return this.#enforcement.checks.canEach(resources, actions);
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
  enforce<R extends AnyResource, A extends Action<R["kind"]>>(
    resource: R & NoInfer<AskedKindedResource<R, A>>,
    action: A,
  ): Promise<void> {
    return this.#enforcement.enforceResource(resource, action);
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
  filter<K extends Kind>(kind: K, action: Action<K>, policy: PolicyChoice = {}): Promise<Filter> {
    return this.#enforcement.plan(kind, action, policy);
  }
}
