import type { Request } from "express";
import { assertPrincipal, assertResource } from "./assertions.js";
import { BatchedChecks } from "./batched-checks.js";
import { type RecordedAnswer, RecordedPdp } from "./decisions/recorded-pdp.js";
import type { DecisionRecorder } from "./decisions/recorder.js";
import { AuthorizationSetupError, DeniedError, ResourceNotFoundError, UnauthenticatedError } from "./errors.js";
import type { Filter } from "./filter/filter.js";
import { type Check, type LoadedResource, type Pdp, type Principal, type Resource, WHOLE_KIND } from "./types.js";

/** Code of a refusal for which the PDP need not be asked. */
type RefusalCode = "unauthenticated" | "no_roles";

/** Enforces decisions in the guards of one request, and keeps what its `req.authz` shows of them. */
export class Enforcement {
  /** Who is logged in; `null` when nobody is. */
  readonly principal: Principal | null;
  readonly pdp: RecordedPdp;
  readonly checks: BatchedChecks;
  /** The resource that the loader of the last guard returned that passed; `undefined` when none had a loader. */
  resource: Resource | undefined;
  /** The filters that guards have got from the PDP, and whether a handler has taken them. */
  readonly #filters = new Map<string, { readonly filter: Filter; taken: boolean }>();

  /** @throws {@link AuthorizationSetupError} when a PDP cannot decide about the principal */
  constructor(req: Request, principal: Principal | null, pdp: Pdp, recorder: DecisionRecorder) {
    if (principal !== null) assertPrincipal(principal);
    this.principal = principal;
    this.pdp = new RecordedPdp(req, principal, pdp, recorder);
    this.checks = new BatchedChecks((checks) => this.#answersTo(checks));
  }

  /**
   * Resolves only when the principal may do the action.
   *
   * @param kind - resource kind, as policies name it
   * @param action - action, as policies name it
   * @param load - loads the resource; without it the PDP is asked about the kind as a whole
   * @throws {@link UnauthenticatedError}, {@link DeniedError}, {@link ResourceNotFoundError},
   * {@link DecisionNotRecordedError}, or what the PDP throws
   */
  async enforce(kind: string, action: string, load?: () => LoadedResource | Promise<LoadedResource>): Promise<void> {
    const { principal, resource } = await this.pdp.recordingFailure("guard", { kind, action }, async () => {
      // Before the loader, so that a user without any role cannot learn which ids exist.
      const principal = this.#principalFor(kind, action);
      const loaded = load ? await load() : WHOLE_KIND;
      if (loaded === undefined || loaded === null) throw new ResourceNotFoundError(kind);
      assertResource(loaded);
      return { principal, resource: loaded };
    });
    const check = { kind, resource, action };
    // The PDP is asked even if can() has asked the same before: the record must show that the action was tried.
    const answer = await this.pdp.guard(principal, check);
    const { allowed, callId, id } = answer;
    const isWholeKind = resource === WHOLE_KIND;
    if (!allowed) throw new DeniedError({ code: "denied", kind, action, callId, decisionId: id, isWholeKind });
    this.checks.keep(check, answer);
    if (load) this.resource = resource;
  }

  /**
   * Resolves only when the principal may do the action on some resources of the kind. {@link takeFilter} gives the
   * filter for them.
   *
   * @throws {@link UnauthenticatedError}, {@link DeniedError}, {@link UnsupportedPlanError},
   * {@link DecisionNotRecordedError}, or what the PDP throws
   */
  async enforceFilter(kind: string, action: string): Promise<void> {
    const check = { kind, action, resource: WHOLE_KIND };
    const principal = await this.pdp.recordingFailure("filter", check, () => this.#principalFor(kind, action));
    const { filter, callId, id } = await this.pdp.plan(principal, check);
    if (filter.decision === "denied") {
      throw new DeniedError({ code: "denied", kind, action, callId, decisionId: id, isWholeKind: true });
    }
    this.#filters.set(keyOf(kind, action), { filter, taken: false });
  }

  /** The filter of a guard, which counts as taken from now on; `undefined` when no such guard has passed. */
  takeFilter(kind: string, action: string): Filter | undefined {
    const found = this.#filters.get(keyOf(kind, action));
    if (found) found.taken = true;
    return found?.filter;
  }

  /**
   * Whether a guard's filter has not been taken, so that the response of the handler cannot have been filtered by it.
   */
  isUnfiltered(kind: string, action: string): boolean {
    return this.#filters.get(keyOf(kind, action))?.taken === false;
  }

  /** Whom the PDP is asked about, or why it need not be asked. */
  get principalOrRefusal(): Principal | RefusalCode {
    const { principal } = this;
    if (!principal) return "unauthenticated";
    return principal.roles.length === 0 ? "no_roles" : principal;
  }

  /** The answers to checks that were asked ahead in one tick. */
  #answersTo(checks: readonly Check[]): Promise<readonly RecordedAnswer[]> {
    const { principalOrRefusal } = this;
    if (typeof principalOrRefusal === "string") return this.pdp.refuseChecks(checks, principalOrRefusal);
    return this.pdp.checkAhead(principalOrRefusal, checks);
  }

  #principalFor(kind: string, action: string): Principal {
    const principal = this.principalOrRefusal;
    if (principal === "unauthenticated") throw new UnauthenticatedError();
    if (principal === "no_roles") throw new DeniedError({ code: principal, kind, action, callId: "" });
    return principal;
  }
}

function keyOf(kind: string, action: string): string {
  return JSON.stringify([kind, action]);
}

const enforcements = new WeakMap<object, Enforcement>();

/** Registers the enforcement of a `req.authz`, for {@link enforcementOf}. Handlers cannot reach it from `req.authz`. */
export function setEnforcement(authz: object, enforcement: Enforcement): void {
  enforcements.set(authz, enforcement);
}

/**
 * The enforcement of a request, for its guards.
 *
 * @throws {@link AuthorizationSetupError} when `authorization()` has not run for the request
 */
export function enforcementOf(req: Request): Enforcement {
  const enforcement = req.authz && enforcements.get(req.authz);
  if (enforcement) return enforcement;
  throw new AuthorizationSetupError("authorize() was used without authorization() before it.");
}
