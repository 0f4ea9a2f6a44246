import { CountedChecks } from "./checks/counted-checks.js";
import type { Enforcement } from "./enforcement.js";
import { AuthorizationSetupError } from "./errors.js";
import type { Filter } from "./filter/filter.js";
import { PrincipalAuthorization } from "./principal-authorization.js";
import type { Decision, KindedResource, PolicyChoice, Principal, Resource } from "./types.js";

/** `req.authz`: the permissions of one request, for handlers and templates. */
export class RequestAuthorization {
  /** Who is logged in; `null` when nobody is. */
  readonly principal: Principal | null;
  readonly #enforcement: Enforcement;
  readonly #questions: PrincipalAuthorization;

  constructor(enforcement: Enforcement) {
    this.principal = enforcement.principal;
    this.#enforcement = enforcement;
    this.#questions = new PrincipalAuthorization(enforcement);
  }

  /** The decisions that the PDP has made for this request so far, without those of {@link countedChecks}. */
  get decisions(): readonly Decision[] {
    return this.#enforcement.pdp.decisions;
  }

  /**
   * The object that the route's loader returned.
   *
   * @throws {@link AuthorizationSetupError} when no `authorize` with a `resource` has passed for this request.
   */
  get resource(): Resource {
    const { resource } = this.#enforcement;
    if (resource) return resource;
    throw new AuthorizationSetupError("req.authz.resource was read on a route whose authorize() loads no resource.");
  }

  /**
   * Whether the principal may do an action, for instance to show or hide its button. Checks of the same tick become one
   * call to the PDP. Answers are remembered until the request ends, for the same kind, id, action and `attr` object.
   *
   * @param resource - the resource, with its kind
   * @param action - action, as policies name it
   * @returns `false`, without asking the PDP, when nobody is logged in or the principal has no role
   * @throws {@link PdpUnavailableError}, {@link PdpRejectedError} or {@link PdpFailedError} when there is no answer, and
   * {@link DecisionNotRecordedError} when it cannot be recorded
   */
  can(resource: KindedResource, action: string): Promise<boolean> {
    return this.#questions.can(resource, action);
  }

  /**
   * The same as {@link can} for several resources and actions, such as the rows of a page and their buttons.
   *
   * @returns for each resource, in their order, whether each action is allowed
   * @throws what {@link can} throws
   */
  canEach<A extends string>(
    resources: readonly KindedResource[],
    actions: readonly A[],
  ): Promise<Readonly<Record<A, boolean>>[]> {
    return this.#questions.canEach(resources, actions);
  }

  /**
   * Asks what somebody else may do, such as the recipient of what is about to be handed over, or what this principal
   * might do if a resource were otherwise. Events of such questions have `askedBy`, so that they are not taken for deeds
   * of the person whom they are about.
   *
   * @param principal - with the roles and attributes that the person would have when logged in
   * @throws {@link AuthorizationSetupError} when nobody is logged in who could ask, or the principal is not valid
   */
  about(principal: Principal): Pick<RequestAuthorization, "can" | "canEach" | "countedChecks"> {
    if (!this.principal)
      throw new AuthorizationSetupError("req.authz.about() needs somebody who is logged in and asks.");
    return new RequestAuthorization(this.#enforcement.about(principal));
  }

  /**
   * Opens checks of which there may be very many, such as those of the rows of an export or a stream: they become one
   * event, which has counts in place of the resources. It is recorded when `end` is called, and at the latest when the
   * response is closed. Answers are not remembered.
   */
  countedChecks(): CountedChecks {
    return new CountedChecks(this.#enforcement);
  }

  /**
   * On which resources of a kind the principal may do an action, for the query of a route that is a list: see `toSql`.
   *
   * It works only on routes guarded by `authorize(kind, action, { filter: true })`. The guard has already asked the
   * PDP, and refused principals that may not do the action on any resource.
   *
   * @throws {@link AuthorizationSetupError} when no such guard has passed for this request
   */
  filter(kind: string, action: string): Filter {
    const filter = this.#enforcement.takeFilter(kind, action);
    if (filter) return filter;
    throw new AuthorizationSetupError(
      `req.authz.filter("${kind}", "${action}") needs authorize("${kind}", "${action}", { filter: true }) on its route.`,
    );
  }

  /**
   * Asks the PDP on which resources of a kind the principal may do an action, for a list that is only a part of a page,
   * such as the last orders on a customer's page. A route that is itself a list has a guard for that, and uses
   * {@link filter}.
   *
   * @param kind - resource kind, as policies name it
   * @param action - action, as policies name it
   * @param policy - scope and version of the policy that decides, where there are several
   * @returns the filter for the query of that list, for `toSql`. It is `{ decision: "denied" }` when there is no such
   *   resource and, without asking the PDP, when nobody is logged in or the principal has no role
   * @throws {@link AuthorizationSetupError} when the kind or action is not a non-empty string, or the policy not a choice
   * @throws {@link PdpUnavailableError}, {@link PdpRejectedError}, {@link PdpFailedError} or
   * {@link UnsupportedPlanError} when there is no answer, and {@link DecisionNotRecordedError} when it cannot be recorded
   * @see https://docs.cerbos.dev/cerbos/latest/api/#resources-query-plan
   */
  plan(kind: string, action: string, policy: PolicyChoice = {}): Promise<Filter> {
    return this.#questions.filter(kind, action, policy);
  }
}
