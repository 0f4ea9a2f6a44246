import DataLoader from "dataloader";
import type { Request } from "express";
import { type Recorded, RecordedQuestions } from "./decisions/recorded-pdp.js";
import type { DecisionRecorder } from "./decisions/recorder.js";
import { AuthorizationSetupError, DeniedError, ResourceNotFoundError, UnauthenticatedError } from "./errors.js";
import type { Filter } from "./filter/filter.js";
import type { Answer, Check, Decision, Found, KindedResource, Pdp, Principal, Resource } from "./types.js";

/** What one request knows of authorization; at `req.authz`. */
export class RequestAuthorization {
  /** Who is logged in; `null` when nobody is. */
  readonly principal: Principal | null;
  readonly #questions: RecordedQuestions;
  /** What can() asks: collects the questions of a tick into one call, and remembers the answers for the request. */
  readonly #answers: DataLoader<Check, Recorded<Answer>, string>;
  readonly #numbers = new Map<object, number>();
  /** The filters that guards have asked for, and whether a handler has taken them. */
  readonly #filters = new Map<string, { readonly filter: Filter; taken: boolean }>();
  #resource: Resource | undefined;

  /** @throws {@link AuthorizationSetupError} when the principal is not one that a PDP could decide about. */
  constructor(req: Request, principal: Principal | null, pdp: Pdp, recorder: DecisionRecorder) {
    if (principal !== null) assertPrincipal(principal);
    this.principal = principal;
    const questions = new RecordedQuestions(req, principal, pdp, recorder);
    this.#questions = questions;
    this.#answers = new DataLoader((checks) => questions.check("can", principal as Principal, checks), {
      cacheKeyFn: (check) => this.#keyOf(check),
    });
  }

  /** The decisions that the PDP has made for this request so far. */
  get decisions(): readonly Decision[] {
    return this.#questions.decisions;
  }

  /**
   * What the route's loader returned, the very object.
   *
   * @throws {@link AuthorizationSetupError} when no `authorize` with a `resource` has passed for this request.
   */
  get resource(): Resource {
    if (this.#resource) return this.#resource;
    throw new AuthorizationSetupError("req.authz.resource was read on a route whose authorize() loads no resource.");
  }

  /**
   * Whether the principal may do an action, to show or hide what leads there. Questions asked in one tick become one
   * call, and answers are remembered for the request: for the same kind, id, action and `attr` object.
   *
   * @param resource - what the action would be done to, with its kind
   * @param action - action, as policies name it
   * @returns `false`, without asking the PDP, when nobody is logged in or the principal has no role
   * @throws {@link PdpUnavailableError} or {@link PdpRejectedError} when there is no answer, and
   * {@link DecisionNotRecordedError} when it cannot be recorded
   */
  async can(resource: KindedResource, action: string): Promise<boolean> {
    assertResource(resource);
    const { kind } = resource;
    if (!isText(kind)) throw new AuthorizationSetupError("A resource must say its kind, as a non-empty string.");
    if (!this.principal || this.principal.roles.length === 0) {
      const error = this.principal ? "no_roles" : "unauthenticated";
      await this.#questions.refused("can", { kind, action, resource }, error);
      return false;
    }
    return (await this.#answers.load({ kind, resource, action })).allowed;
  }

  /**
   * {@link can} for each of several resources and actions, such as the rows of a page and their buttons.
   *
   * @returns for each resource, in their order, whether each action is allowed
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
   * Which resources of a kind the principal may do an action on, for the query that lists them: see `toSql`.
   *
   * Only on routes guarded by `authorize(kind, action, { filter: true })`, which has already asked the PDP and refused
   * those who may not do the action on any resource.
   *
   * @throws {@link AuthorizationSetupError} when no such guard has passed for this request
   */
  filter(kind: string, action: string): Filter {
    const found = this.#filters.get(keyOfFilter(kind, action));
    if (!found) {
      throw new AuthorizationSetupError(
        `req.authz.filter("${kind}", "${action}") needs authorize("${kind}", "${action}", { filter: true }) on its route.`,
      );
    }
    found.taken = true;
    return found.filter;
  }

  /**
   * Returns only when the principal may do the action.
   *
   * @param kind - resource kind, as policies name it
   * @param action - action, as policies name it
   * @param load - finds the resource; left out where the question is about the kind as a whole
   * @throws {@link UnauthenticatedError}, {@link DeniedError}, {@link ResourceNotFoundError},
   * {@link DecisionNotRecordedError}, or what the PDP throws
   */
  async enforce(kind: string, action: string, load?: () => Found | Promise<Found>): Promise<void> {
    const { principal, resource } = await this.#questions.before("authorize", { kind, action }, async () => {
      // Before the loader, so that somebody without any role cannot learn which ids exist.
      const principal = this.#principalFor(kind, action);
      const found = load ? await load() : WHOLE_KIND;
      if (found === undefined || found === null) throw new ResourceNotFoundError(kind);
      assertResource(found);
      return { principal, resource: found };
    });
    const check = { kind, resource, action };
    // Asked anew whatever can() has asked before: what was tried must be on record as such.
    const [answer] = await this.#questions.check("authorize", principal, [check]);
    const { allowed, callId, id } = answer;
    if (!allowed) throw new DeniedError({ code: "denied", kind, action, callId, decisionId: id });
    this.#answers.prime(check, answer);
    if (load) this.#resource = resource;
  }

  /**
   * Returns only when the principal may do the action on some resources of the kind: those that {@link filter} then tells.
   *
   * @throws {@link UnauthenticatedError}, {@link DeniedError}, {@link UnsupportedPlanError},
   * {@link DecisionNotRecordedError}, or what the PDP throws
   */
  async enforceFilter(kind: string, action: string): Promise<void> {
    const check = { kind, action, resource: WHOLE_KIND };
    const principal = await this.#questions.before("filter", check, () => this.#principalFor(kind, action));
    const { filter, callId, id } = await this.#questions.plan("filter", principal, check);
    if (filter.decision === "denied") throw new DeniedError({ code: "denied", kind, action, callId, decisionId: id });
    this.#filters.set(keyOfFilter(kind, action), { filter, taken: false });
  }

  /** Whether a guard's filter has not been taken: whatever the handler is about to send was not filtered by it. */
  isUnfiltered(kind: string, action: string): boolean {
    return this.#filters.get(keyOfFilter(kind, action))?.taken === false;
  }

  #principalFor(kind: string, action: string): Principal {
    const { principal } = this;
    if (!principal) throw new UnauthenticatedError();
    if (principal.roles.length === 0) throw new DeniedError({ code: "no_roles", kind, action, callId: "" });
    return principal;
  }

  /** Attributes count as the same only when they are the same object: to compare them would cost more than to ask. */
  #keyOf({ kind, resource: { id, attr }, action }: Check): string {
    let number = 0;
    if (attr) {
      number = this.#numbers.get(attr) ?? this.#numbers.size + 1;
      this.#numbers.set(attr, number);
    }
    return JSON.stringify([kind, id, action, number]);
  }
}

/** Cerbos wants an id for every resource; this one stands for none in particular. */
const WHOLE_KIND: Resource = { id: "*" };

function keyOfFilter(kind: string, action: string): string {
  return JSON.stringify([kind, action]);
}

/** Makes of anything thrown something that `next()` takes for an error: `next(undefined)` and `next("route")` go on. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new AuthorizationSetupError("Something that is not an Error was thrown while permissions were checked.", {
    cause: thrown,
  });
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function assertPrincipal(principal: Principal): void {
  if (!isText(principal.id)) {
    throw new AuthorizationSetupError("principal() returned a principal whose id is not a non-empty string.");
  }
  if (!Array.isArray(principal.roles) || !principal.roles.every(isText)) {
    throw new AuthorizationSetupError("principal() returned roles that are not an array of non-empty strings.");
  }
}

function assertResource(resource: Resource): void {
  if (!isText(resource?.id)) {
    throw new AuthorizationSetupError("A resource must have an id that is a non-empty string.");
  }
}
