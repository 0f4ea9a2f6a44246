import { AuthorizationError, PdpUnavailableError } from "../errors.js";
import type { Filter } from "../filter/filter.js";
import { failSpan, propagationOf, startCallSpan, traceContextOf, traceIdOf } from "../telemetry.js";
import type {
  Answer,
  AuxData,
  CallOptions,
  Check,
  Decision,
  Pdp,
  Plan,
  Principal,
  Resource,
  ValidationError,
} from "../types.js";
import type { CheckTally } from "./check-tally.js";
import type { DecisionEvent, EnforcedEvent } from "./event.js";
import {
  type AnsweredCheck,
  type ChecksOutcome,
  type EnforcedOutcome,
  eventId,
  type Outcome,
  requestIdOf,
  type Subject,
} from "./make-event.js";
import type { DecisionRecorder } from "./recorder.js";

/** What asks a question that the request depends on. */
type EnforcedSource = EnforcedEvent["source"];

/** A check whose resource is not known yet, or does not exist. */
type Question = Omit<Check, "resource"> & { readonly resource?: Resource };

/** An answer that is on record, with the id of its event. */
type Recorded<T> = T & { readonly id: string };
export type RecordedAnswer = Recorded<Answer>;

/** How long the PDP took, and the trace that the call belongs to. */
type Timing = Pick<Outcome, "duration" | "traceId">;

/** A refusal that no policy decided: its id and code. */
type Refusal = Outcome & { readonly error: string };

/** The PDP for questions about one principal. Every answer is on record before the caller gets it. */
export class RecordedPdp {
  /** The decisions that the PDP has made for the request so far; none are kept without one. */
  readonly decisions: Decision[] = [];
  readonly #subject: Subject;
  readonly #pdp: Pdp;
  readonly #recorder: DecisionRecorder;
  /** Sent with each call. */
  readonly #callOptions: CallOptions;

  constructor(subject: Subject, auxData: AuxData | undefined, pdp: Pdp, recorder: DecisionRecorder) {
    this.#subject = subject;
    this.#pdp = pdp;
    this.#recorder = recorder;
    this.#callOptions = { requestId: (subject.req && requestIdOf(subject.req)) ?? undefined, auxData };
  }

  /** The answer to a guard's question. */
  async guard(principal: Principal, check: Check): Promise<RecordedAnswer> {
    const source = "guard";
    const [[answer], timing] = await this.#ask(
      source,
      [check],
      (options) => this.#check(principal, [check], options),
      (refusal) => this.#recordRefused(source, check, refusal),
    );
    const { callId, metadata } = answer;
    const recorded = { id: eventId(callId), ...outcomeOf(answer) };
    this.#remember(check, metadata ? { ...recorded, metadata } : recorded);
    await this.#record({ source, ...check, ...recorded, metadata, ...timing, error: null });
    return recorded;
  }

  /** The answers to checks that are asked ahead, in their order. There is one event for each call of the PDP. */
  async checkAhead(principal: Principal, checks: readonly Check[]): Promise<readonly RecordedAnswer[]> {
    const [answers, timing] = await this.#ask(
      "check",
      checks,
      (options) => this.#check(principal, checks, options),
      (refusal) => this.#recordRefusedChecks(checks, refusal),
    );
    const calls = new Map<
      string,
      { readonly id: string; readonly checks: AnsweredCheck[]; readonly validationErrors: ValidationError[] }
    >();
    const recorded = answers.map((given, n) => {
      const { allowed, callId, validationErrors = [] } = given;
      const check = checks[n] as Check;
      const call = calls.get(callId) ?? { id: eventId(callId), checks: [], validationErrors: [] };
      calls.set(callId, call);
      call.checks.push({ ...check, allowed });
      call.validationErrors.push(...validationErrors);
      const answer = { id: call.id, ...outcomeOf(given) };
      this.#remember(check, answer);
      return answer;
    });
    await Promise.all([...calls.values()].map((call) => this.#recordChecks({ ...call, ...timing, error: null })));
    return recorded;
  }

  /**
   * The answers to checks that are counted, in their order. The caller has the tally recorded in the end, with
   * `recordCounts`.
   */
  async checkCounted(principal: Principal, checks: readonly Check[], tally: CheckTally): Promise<readonly boolean[]> {
    const [answers, timing] = await this.#ask(
      "check",
      checks,
      (options) => this.#check(principal, checks, options),
      ({ error, ...timing }) => this.#tally(tally, refused(checks), timing, error),
      tally.id,
    );
    const allowed = answers.map((answer) => answer.allowed);
    this.#tally(
      tally,
      checks.map((check, n) => ({ ...check, allowed: allowed[n] === true })),
      timing,
      null,
    );
    return allowed;
  }

  /** The answers to counted checks for which the PDP need not be asked: all are refused. @param error - the code */
  refuseCounted(checks: readonly Check[], error: string, tally: CheckTally): readonly boolean[] {
    this.#tally(tally, refused(checks), this.#untimed(), error);
    return checks.map(() => false);
  }

  /** Records counted checks as one event; nothing when there were none. */
  async recordCounts(tally: CheckTally): Promise<void> {
    const { outcome } = tally;
    if (outcome.counts.length > 0) await this.#recorder.recordCounts(this.#subject, outcome);
  }

  /** The plan for an action: on which resources of a kind it is allowed. */
  async plan(principal: Principal, check: Check): Promise<Recorded<Plan>> {
    const source = "filter";
    const [{ filter, callId, metadata }, timing] = await this.#ask(
      source,
      [check],
      async (options) => {
        const { scope, policyVersion } = check.resource;
        const given = await this.#pdp.plan(principal, check.kind, check.action, { ...options, scope, policyVersion });
        if (!isFilter(given?.filter)) throw new PdpUnavailableError("bad_answer");
        return given;
      },
      (refusal) => this.#recordRefused(source, check, refusal),
    );
    const id = eventId(callId);
    const allowed = filter.decision !== "denied";
    this.#remember(check, { id, allowed, callId });
    await this.#record({ id, source, ...check, allowed, metadata, filter, ...timing, error: null });
    return { id, filter, callId };
  }

  /** Records the refusal that an error led to before the PDP was asked. @returns the error, to be thrown on */
  async recordedFailure(source: EnforcedSource, question: Question, error: unknown): Promise<unknown> {
    await this.#recordRefused(source, question, { ...refusalOf(error), ...this.#untimed() });
    return error;
  }

  /** Records a refusal for which the PDP was not asked. @param error - its code */
  async recordRefusal(source: EnforcedSource, question: Question, error: string): Promise<void> {
    await this.#recordRefused(source, question, { id: eventId(""), error, ...this.#untimed() });
  }

  /**
   * The answers to checks for which the PDP need not be asked: all are refused, and that is one event.
   *
   * @param error - the code of the refusal
   */
  async refuseChecks(checks: readonly Check[], error: string): Promise<readonly RecordedAnswer[]> {
    const id = eventId("");
    await this.#recordRefusedChecks(checks, { id, error, ...this.#untimed() });
    return checks.map(() => ({ id, allowed: false, callId: "" }));
  }

  async #check(principal: Principal, checks: readonly Check[], options: CallOptions): Promise<[Answer, ...Answer[]]> {
    const given = await this.#pdp.check(principal, checks, options);
    if (Array.isArray(given) && given.length === checks.length && given.every(isAnswer)) {
      return given as readonly Answer[] as [Answer, ...Answer[]];
    }
    throw new PdpUnavailableError("bad_answer");
  }

  /** Asks the PDP. If the call fails, `recordRefused` records the refusal before the error is thrown on. */
  async #ask<T>(
    source: DecisionEvent["source"],
    checks: readonly Check[],
    send: (options: CallOptions) => Promise<T>,
    recordRefused: (refusal: Refusal) => void | Promise<void>,
    refusalId?: string,
  ): Promise<[T, Timing]> {
    const [{ kind, action }] = checks as [Check];
    const attributes = { "authz.kind": kind, "authz.action": action, "authz.checks": checks.length };
    const span = startCallSpan(traceContextOf(this.#subject.req), `${source} ${kind} ${action}`, attributes);
    const { traceId, traceparent } = propagationOf(span);
    const start = performance.now();
    const timing = () => ({ duration: performance.now() - start, traceId });
    try {
      // The event of checks that are asked ahead has no metadata.
      const includeMetadata = this.#recorder.isWanted && source !== "check";
      const answer = await send({ ...this.#callOptions, includeMetadata, traceparent });
      return [answer, timing()];
    } catch (error) {
      failSpan(span, error);
      await recordRefused({ ...refusalOf(error, refusalId), ...timing() });
      throw error;
    } finally {
      span.end();
    }
  }

  #remember({ kind, resource, action }: Check, { id, allowed, callId, ...rest }: RecordedAnswer): void {
    if (!this.#subject.req) return;
    const { metadata, validationErrors } = rest;
    this.decisions.push({
      ...{ id, kind, resourceId: resource.id, action, allowed, callId },
      ...(metadata && { metadata }),
      ...(validationErrors && { validationErrors }),
    });
  }

  #recordRefused(source: EnforcedSource, { kind, action, resource }: Question, refusal: Refusal): void | Promise<void> {
    return this.#record({ source, kind, action, resource, allowed: false, ...refusal });
  }

  #recordRefusedChecks(checks: readonly Check[], refusal: Refusal): void | Promise<void> {
    return this.#recordChecks({ checks: refused(checks), ...refusal });
  }

  #tally(tally: CheckTally, checks: readonly AnsweredCheck[], timing: Timing, error: string | null): void {
    tally.add(checks, timing, error);
    this.#recorder.countChecks(checks, error);
  }

  #record(outcome: EnforcedOutcome): void | Promise<void> {
    return this.#recorder.record(this.#subject, outcome);
  }

  #recordChecks(outcome: ChecksOutcome): void | Promise<void> {
    return this.#recorder.recordChecks(this.#subject, outcome);
  }

  #untimed(): Timing {
    return { duration: 0, traceId: traceIdOf(traceContextOf(this.#subject.req)) };
  }
}

/** The id and code of the refusal that an error leads to. An error of this middleware carries the id from now on. */
function refusalOf(error: unknown, id = eventId("")): Pick<Refusal, "id" | "error"> {
  if (!(error instanceof AuthorizationError)) return { id, error: "error" };
  error.decisionId = id;
  return { id, error: error.code };
}

function refused(checks: readonly Check[]): AnsweredCheck[] {
  return checks.map((check) => ({ ...check, allowed: false }));
}

/** What of an answer a request keeps. */
function outcomeOf({ allowed, callId, validationErrors }: Answer): Answer {
  return validationErrors ? { allowed, callId, validationErrors } : { allowed, callId };
}

// A Pdp written in JavaScript may return any value. Only a boolean, or a known filter, counts as an answer.

function isAnswer(answer: Answer): boolean {
  return typeof answer?.allowed === "boolean";
}

function isFilter(filter: Filter | undefined): filter is Filter {
  if (filter?.decision === "conditional") return typeof filter.condition === "object" && filter.condition !== null;
  return filter?.decision === "allowed" || filter?.decision === "denied";
}
