import type { Request } from "express";
import { AuthorizationError, PdpUnavailableError } from "../errors.js";
import type { Filter } from "../filter/filter.js";
import { fail, startSpan, traceIdOf, traceOf, traceOfSpan } from "../telemetry.js";
import type { Answer, CallOptions, Check, Decision, Pdp, Plan, Principal, Resource } from "../types.js";
import type { DecisionEvent } from "./event.js";
import { type DecisionRecorder, decisionId, type Outcome } from "./recorder.js";

/** What asks. */
type Source = DecisionEvent["source"];

/** What is asked, when it may be that no resource is found. */
type Asked = Omit<Check, "resource"> & { readonly resource?: Resource };

/** An answer that is on record. */
export type Recorded<T> = T & { readonly id: string };

/** How long a decision took, and in which trace it was made. */
type Taken = Pick<Outcome, "duration" | "traceId">;

/** The questions of one request: put to the PDP, and on record before anybody learns the answers. */
export class RecordedQuestions {
  /** The decisions that the PDP has made so far. */
  readonly decisions: Decision[] = [];
  readonly #req: Request;
  readonly #principal: Principal | null;
  readonly #pdp: Pdp;
  readonly #recorder: DecisionRecorder;

  constructor(req: Request, principal: Principal | null, pdp: Pdp, recorder: DecisionRecorder) {
    this.#req = req;
    this.#principal = principal;
    this.#pdp = pdp;
    this.#recorder = recorder;
  }

  /** The answers to checks, in their order. */
  async check(
    source: Source,
    principal: Principal,
    checks: readonly Check[],
  ): Promise<readonly [Recorded<Answer>, ...Recorded<Answer>[]]> {
    const [answers, taken] = await this.#put(source, checks, async (options) => {
      const given = await this.#pdp.check(principal, checks, options);
      if (Array.isArray(given) && given.length === checks.length && given.every(isAnswer)) return given as Answer[];
      throw new PdpUnavailableError("bad_answer");
    });
    const places = new Map<string, number>();
    const waits: Promise<void>[] = [];
    const recorded = answers.map((answer, n) => {
      const { allowed, callId } = answer;
      const place = places.get(callId) ?? 0;
      places.set(callId, place + 1);
      const id = decisionId(callId, place);
      const wait = this.#decided(source, checks[n] as Check, id, allowed, answer, taken);
      if (wait) waits.push(wait);
      return { id, allowed, callId };
    });
    if (waits.length > 0) await Promise.all(waits);
    return recorded as [Recorded<Answer>, ...Recorded<Answer>[]];
  }

  /** On which resources of a kind an action is allowed. */
  async plan(source: Source, principal: Principal, check: Check): Promise<Recorded<Plan>> {
    const [plan, taken] = await this.#put(source, [check], async (options) => {
      const given = await this.#pdp.plan(principal, check.kind, check.action, options);
      if (!isFilter(given?.filter)) throw new PdpUnavailableError("bad_answer");
      return given;
    });
    const { filter, callId } = plan;
    const id = decisionId(callId);
    await this.#decided(source, check, id, filter.decision !== "denied", plan, taken);
    return { id, filter, callId };
  }

  /** What a step that comes before a question finds. When the step fails, that it was refused is on record. */
  async before<T>(source: Source, asked: Asked, step: () => T | Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      await this.#recordFailure(source, asked, error);
      throw error;
    }
  }

  /** Puts on record that something was refused without asking the PDP. */
  async refused(source: Source, asked: Asked, error: string): Promise<void> {
    await this.#refuse(source, asked, decisionId(""), error, this.#notAsked());
  }

  /** Puts a question to the PDP. When there is no answer, that is on record for each of the checks. */
  async #put<T>(
    source: Source,
    checks: readonly Check[],
    ask: (options: CallOptions) => Promise<T>,
  ): Promise<[T, Taken]> {
    const [{ kind, action }] = checks as [Check];
    const attributes = { "authz.kind": kind, "authz.action": action, "authz.checks": checks.length };
    const span = startSpan(traceOf(this.#req), `${source} ${kind} ${action}`, attributes);
    const { traceId, traceparent } = traceOfSpan(span);
    const start = performance.now();
    try {
      const answer = await ask({ grounds: this.#recorder.isWanted, traceparent });
      return [answer, { duration: performance.now() - start, traceId }];
    } catch (error) {
      fail(span, error);
      const taken = { duration: performance.now() - start, traceId };
      await Promise.all(checks.map((check) => this.#recordFailure(source, check, error, taken)));
      throw error;
    } finally {
      span.end();
    }
  }

  async #recordFailure(source: Source, asked: Asked, error: unknown, taken = this.#notAsked()): Promise<void> {
    const refusal = error instanceof AuthorizationError ? error : undefined;
    const id = decisionId("");
    if (refusal) refusal.decisionId = id;
    await this.#refuse(source, asked, id, refusal?.code ?? "error", taken);
  }

  #refuse(
    source: Source,
    { kind, action, resource }: Asked,
    id: string,
    error: string,
    taken: Taken,
  ): void | Promise<void> {
    const outcome = { id, source, kind, action, resource, allowed: false, error, ...taken };
    return this.#recorder.record(this.#req, this.#principal, outcome);
  }

  /** Puts what the PDP has decided on record. */
  #decided(
    source: Source,
    { kind, action, resource }: Check,
    id: string,
    allowed: boolean,
    { callId, grounds, filter }: Pick<Answer, "callId" | "grounds"> & { readonly filter?: Filter },
    { duration, traceId }: Taken,
  ): void | Promise<void> {
    this.decisions.push({ id, kind, resourceId: resource.id, action, allowed, callId });
    const outcome = { id, source, kind, action, resource, allowed, grounds, filter, duration, traceId, error: null };
    return this.#recorder.record(this.#req, this.#principal, outcome);
  }

  #notAsked(): Taken {
    return { duration: 0, traceId: traceIdOf(traceOf(this.#req)) };
  }
}

// A Pdp written in JavaScript may answer anything; nothing but a plain yes, or a filter, opens the door.

function isAnswer(answer: Answer): boolean {
  return typeof answer?.allowed === "boolean";
}

function isFilter(filter: Filter | undefined): filter is Filter {
  if (filter?.decision === "conditional") return typeof filter.condition === "object" && filter.condition !== null;
  return filter?.decision === "allowed" || filter?.decision === "denied";
}
