import type { Request } from "express";
import { CountedChecks } from "./checks/counted-checks.js";
import type { Enforcement } from "./enforcement.js";
import { AuthorizationSetupError } from "./errors.js";
import type { Filter } from "./filter/filter.js";
import type {
  Action,
  AnyResource,
  AskedKindedResource,
  AskedPrincipal,
  DeclaredPrincipal,
  Kind,
} from "./typed/policies.js";
import type { Decision, PolicyChoice, Principal, Resource } from "./types.js";

let enforcementIn: (authz: object) => Enforcement | undefined;

/** `req.authz`: the permissions of one request, for handlers and templates. */
export class RequestAuthorization<R extends Resource<object> = Resource> {
  /** Who is logged in; `null` when nobody is. */
  readonly principal: DeclaredPrincipal | null;
  /** Guards have it from {@link enforcementOf}; handlers cannot reach it. */
  readonly #enforcement: Enforcement;

  static {
    // A WeakMap would do, too. But one that gets an entry for each request makes the collector of garbage work more than all
    // else that a guard does.
    enforcementIn = (authz) => (#enforcement in authz ? authz.#enforcement : undefined);
  }

  constructor(enforcement: Enforcement) {
    this.principal = enforcement.principal as DeclaredPrincipal | null;
    this.#enforcement = enforcement;
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
  get resource(): R {
    const { resource } = this.#enforcement;
    if (resource) return resource as Resource<object> as R;
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
  can<Q extends AnyResource, A extends Action<Q["kind"]>>(
    resource: Q & NoInfer<AskedKindedResource<Q, A>>,
    action: A,
  ): Promise<boolean> {
    return this.#enforcement.checks.can(resource, action);
  }

  /**
   * The same as {@link can} for several resources and actions, such as the rows of a page and their buttons.
   *
   * @returns for each resource, in their order, whether each action is allowed
   * @throws what {@link can} throws
   */
  canEach<Q extends AnyResource, A extends Action<Q["kind"]>>(
    resources: readonly (Q & NoInfer<AskedKindedResource<Q, A>>)[],
    actions: readonly A[],
  ): Promise<Readonly<Record<A, boolean>>[]> {
    return this.#enforcement.checks.canEach(resources, actions);
  }

  /**
   * Resolves only when the principal may do the action: for what a handler or resolver is about to do, and no guard could know.
   * It asks and records as a guard does, each time anew. It does not change {@link resource}.
   *
   * @param resource - the resource, with its kind; with the id `*` for the kind as a whole
   * @param action - action, as policies name it
   * @throws {@link UnauthenticatedError} when nobody is logged in, {@link DeniedError} when the action is denied or the
   *   principal has no role
   * @throws {@link PdpUnavailableError}, {@link PdpRejectedError} or {@link PdpFailedError} when there is no answer, and
   * {@link DecisionNotRecordedError} when it cannot be recorded
   */
  enforce<Q extends AnyResource, A extends Action<Q["kind"]>>(
    resource: Q & NoInfer<AskedKindedResource<Q, A>>,
    action: A,
  ): Promise<void> {
    return this.#enforcement.enforceResource(resource, action);
  }

  /**
   * Asks what somebody else may do, such as the recipient of what is about to be handed over, or what this principal
   * might do if a resource were otherwise. Events of such questions have `askedBy`, so that they are not taken for deeds
   * of the person whom they are about.
   *
   * @param principal - with the roles and attributes that the person would have when logged in
   * @throws {@link AuthorizationSetupError} when nobody is logged in who could ask, or the principal is not valid
   */
  about<P extends Principal<object>>(
    principal: P & NoInfer<AskedPrincipal<P>>,
  ): Pick<RequestAuthorization, "can" | "canEach" | "countedChecks"> {
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
  filter<K extends Kind>(kind: K, action: Action<K>): Filter {
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
  plan<K extends Kind>(kind: K, action: Action<K>, policy: PolicyChoice = {}): Promise<Filter> {
    return this.#enforcement.plan(kind, action, policy);
  }
}

/**
 * The enforcement of a request, for its guards.
 *
 * @throws {@link AuthorizationSetupError} when `authorization()` has not run for the request
 */
export function enforcementOf(req: Request): Enforcement {
  const enforcement = req.authz && enforcementIn(req.authz);
  // What a handler has put there to ask about another principal is not the request's own.
  if (enforcement?.askedBy === null) return enforcement;
  throw new AuthorizationSetupError("authorize() was used without authorization() before it.");
}
