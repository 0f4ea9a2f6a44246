import type { Request } from "express";
import { assertAuxData, assertPrincipal, assertResource } from "./assertions.js";
import { BatchedChecks } from "./checks/batched-checks.js";
import type { Subject } from "./decisions/make-event.js";
import { type RecordedAnswer, RecordedPdp } from "./decisions/recorded-pdp.js";
import type { DecisionRecorder } from "./decisions/recorder.js";
import { AuthorizationSetupError, DeniedError, ResourceNotFoundError, UnauthenticatedError } from "./errors.js";
import type { Filter } from "./filter/filter.js";
import { assertPolicyChoice, isSameChoice } from "./policy-choice.js";
import {
  type AuxData,
  type Check,
  type LoadedResource,
  type Pdp,
  type PolicyChoice,
  type Principal,
  type Resource,
  WHOLE_KIND,
} from "./types.js";

/** Code of a refusal for which the PDP need not be asked. */
type RefusalCode = "unauthenticated" | "no_roles";

/** Enforces decisions about one principal. Of a request it keeps what `req.authz` shows of them. */
export class Enforcement {
  /** Who is logged in; `null` when nobody is. */
  readonly principal: Principal | null;
  /** `null`: no request asks. */
  readonly req: Request | null;
  readonly pdp: RecordedPdp;
  readonly checks: BatchedChecks;
  /** The resource that the loader of the last guard returned that passed; `undefined` when none had a loader. */
  resource: Resource | undefined;
  /** The filters that guards have got from the PDP, and whether a handler has taken them. */
  readonly #filters = new Map<string, { readonly filter: Filter; readonly resource: Resource; taken: boolean }>();

  readonly #subject: Subject;
  readonly #service: Pdp;
  readonly #recorder: DecisionRecorder;

  /** @throws {@link AuthorizationSetupError} when a PDP cannot decide about the principal, or by the auxiliary data */
  constructor(subject: Subject, auxData: AuxData | undefined, pdp: Pdp, recorder: DecisionRecorder) {
    if (subject.principal !== null) assertPrincipal(subject.principal);
    if (auxData !== undefined) assertAuxData(auxData);
    this.#subject = subject;
    this.#service = pdp;
    this.#recorder = recorder;
    this.req = subject.req;
    this.principal = subject.principal;
    this.pdp = new RecordedPdp(subject, auxData, pdp, recorder);
    this.checks = new BatchedChecks((checks) => this.#answersTo(checks), subject.req !== null);
  }

  /**
   * The same about another principal, asked by this one. It has none of the request's auxiliary data, which are those of
   * who is logged in.
   *
   * @throws {@link AuthorizationSetupError} when a PDP cannot decide about the principal
   */
  about(principal: Principal): Enforcement {
    assertPrincipal(principal);
    const askedBy = this.principal?.id ?? null;
    return new Enforcement({ ...this.#subject, principal, askedBy }, undefined, this.#service, this.#recorder);
  }

  /**
   * Resolves only when the principal may do the action.
   *
   * @param kind - resource kind, as policies name it
   * @param action - action, as policies name it
   * @param load - loads the resource; without it the PDP is asked about the kind as a whole
   * @param policy - which policy decides about the kind as a whole
   * @throws {@link UnauthenticatedError}, {@link DeniedError}, {@link ResourceNotFoundError},
   * {@link DecisionNotRecordedError}, or what the PDP throws
   */
  async enforce(
    kind: string,
    action: string,
    load?: () => LoadedResource | Promise<LoadedResource>,
    policy?: () => PolicyChoice,
  ): Promise<void> {
    const { principal, resource } = await this.pdp.recordingFailure("guard", { kind, action }, async () => {
      // Before the loader, so that a user without any role cannot learn which ids exist.
      const principal = this.#principalFor(kind, action);
      const loaded = load ? await load() : wholeKind(policy);
      if (loaded === undefined || loaded === null) throw new ResourceNotFoundError(kind);
      assertResource(loaded);
      return { principal, resource: loaded };
    });
    const check = { kind, resource, action };
    // The PDP is asked even if can() has asked the same before: the record must show that the action was tried.
    const answer = await this.pdp.guard(principal, check);
    const { allowed, callId, id } = answer;
    const isWholeKind = load === undefined;
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
  async enforceFilter(kind: string, action: string, policy?: () => PolicyChoice): Promise<void> {
    const question = { kind, action, resource: WHOLE_KIND };
    const key = keyOf(kind, action);
    const { principal, resource } = await this.pdp.recordingFailure("filter", question, () => {
      const principal = this.#principalFor(kind, action);
      const resource = wholeKind(policy);
      const earlier = this.#filters.get(key)?.resource;
      // filter() would give the handler one of the two, and the rows would be those of the other policy as well.
      if (earlier && !isSameChoice(earlier, resource)) {
        throw new AuthorizationSetupError(`Two guards filter ${kind} ${action} by different policies.`);
      }
      return { principal, resource };
    });
    const { filter, callId, id } = await this.pdp.plan(principal, { kind, action, resource });
    if (filter.decision === "denied") {
      throw new DeniedError({ code: "denied", kind, action, callId, decisionId: id, isWholeKind: true });
    }
    this.#filters.set(key, { filter, resource, taken: false });
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

/**
 * A kind as a whole, by the policy that a guard has chosen.
 *
 * @throws {@link AuthorizationSetupError} when the choice is not one
 */
export function wholeKind(policy: (() => PolicyChoice) | undefined): Resource {
  if (!policy) return WHOLE_KIND;
  const { scope, policyVersion, ...rest } = policy() ?? {};
  assertPolicyChoice("The policy of a guard", { scope, policyVersion });
  if (Object.keys(rest).length > 0) {
    throw new AuthorizationSetupError("The policy of a guard may only be { scope, policyVersion }.");
  }
  return { ...WHOLE_KIND, scope, policyVersion };
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
