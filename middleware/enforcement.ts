import type { Request } from "express";
import { assertAuxData, assertKindedResource, assertPrincipal, assertResource, isNonEmptyText } from "./assertions.js";
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

/** Whom questions are about, before it is known that a PDP can decide about the principal. */
type Asking = Omit<Subject, "principal"> & { readonly principal: object | null };

/** Enforces decisions about one principal. Of a request it keeps what `req.authz` shows of them. */
export class Enforcement {
  /** Who is logged in; `null` when nobody is. */
  readonly principal: Principal | null;
  /** `null`: no request asks. */
  readonly req: Request | null;
  /** Id of the principal that asks about this one; `null` when this is the one that asks. */
  readonly askedBy: string | null;
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
  constructor(asking: Asking, auxData: AuxData | undefined, pdp: Pdp, recorder: DecisionRecorder) {
    if (asking.principal !== null) assertPrincipal(asking.principal);
    const subject = asking as Subject;
    if (auxData !== undefined) assertAuxData(auxData);
    this.#subject = subject;
    this.#service = pdp;
    this.#recorder = recorder;
    this.req = subject.req;
    this.askedBy = subject.askedBy;
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
  about(principal: object): Enforcement {
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
   * @returns the resource
   * @throws {@link UnauthenticatedError}, {@link DeniedError}, {@link ResourceNotFoundError},
   * {@link DecisionNotRecordedError}, or what the PDP throws
   */
  async enforce(
    kind: string,
    action: string,
    load?: () => LoadedResource | Promise<LoadedResource>,
    policy?: () => PolicyChoice,
  ): Promise<Resource> {
    let principal: Principal;
    let resource: LoadedResource;
    try {
      // Before the loader, so that a user without any role cannot learn which ids exist.
      principal = this.#principalFor(kind, action);
      resource = load ? await load() : wholeKind(policy);
      if (resource === undefined || resource === null) throw new ResourceNotFoundError(kind);
      assertResource(resource);
    } catch (error) {
      throw await this.pdp.recordedFailure("guard", { kind, action }, error);
    }
    const check = { kind, resource, action };
    // The PDP is asked even if can() has asked the same before: the record must show that the action was tried.
    const answer = await this.pdp.guard(principal, check);
    if (!answer.allowed) throw refusalOf(principal, { ...check, ...answer, isWholeKind: load === undefined });
    this.checks.keep(check, answer);
    return resource;
  }

  /** The same as {@link enforce} about a resource that is there already. @throws also when it is no resource */
  async enforceResource(resource: object, action: string): Promise<void> {
    assertKindedResource(resource);
    await this.enforce(resource.kind, action, () => resource);
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
    let principal: Principal;
    let resource: Resource;
    try {
      principal = this.#principalFor(kind, action);
      resource = wholeKind(policy);
      const earlier = this.#filters.get(key)?.resource;
      // filter() would give the handler one of the two, and the rows would be those of the other policy as well.
      if (earlier && !isSameChoice(earlier, resource)) {
        throw new AuthorizationSetupError(`Two guards filter ${kind} ${action} by different policies.`);
      }
    } catch (error) {
      throw await this.pdp.recordedFailure("filter", question, error);
    }
    const { filter, callId, id } = await this.pdp.plan(principal, { kind, action, resource });
    if (filter.decision === "denied") {
      throw refusalOf(principal, { kind, action, callId, id, isWholeKind: true });
    }
    this.#filters.set(key, { filter, resource, taken: false });
  }

  /**
   * The filter for the resources of a kind with which the principal may do an action. It is recorded, and guards nothing.
   *
   * @param policy - which policy decides
   * @throws {@link AuthorizationSetupError}, {@link UnsupportedPlanError}, {@link DecisionNotRecordedError}, or what the PDP
   * throws
   */
  async plan(kind: string, action: string, policy: PolicyChoice): Promise<Filter> {
    if (![kind, action].every(isNonEmptyText)) {
      throw new AuthorizationSetupError("A plan needs a kind and an action, as non-empty strings.");
    }
    const { principalOrRefusal } = this;
    const check = { kind, action, resource: wholeKind(() => policy) };
    if (typeof principalOrRefusal === "string") {
      await this.pdp.recordRefusal("filter", check, principalOrRefusal);
      return { decision: "denied" };
    }
    return (await this.pdp.plan(principalOrRefusal, check)).filter;
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
    if (principal.roles.length > 0) return principal;
    return principal.anonymous ? "unauthenticated" : "no_roles";
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

/** The refusal of what the PDP denies. A visitor who is not logged in should log in. */
function refusalOf(
  { anonymous }: Principal,
  {
    id,
    ...denied
  }: Omit<ConstructorParameters<typeof DeniedError>[0], "code" | "decisionId"> & { readonly id: string },
): UnauthenticatedError | DeniedError {
  if (!anonymous) return new DeniedError({ ...denied, code: "denied", decisionId: id });
  const refusal = new UnauthenticatedError();
  refusal.decisionId = id;
  return refusal;
}

/**
 * A kind as a whole, by the policy that a guard has chosen.
 *
 * @throws {@link AuthorizationSetupError} when the choice is not one
 */
function wholeKind(policy: (() => PolicyChoice) | undefined): Resource {
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
