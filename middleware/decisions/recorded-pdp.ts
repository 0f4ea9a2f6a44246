import type { Request } from "express";
import { AuthorizationError, PdpUnavailableError } from "../errors.js";
import type { Filter } from "../filter/filter.js";
import { failSpan, propagationOf, startCallSpan, traceContextOf, traceIdOf } from "../telemetry.js";
import type { Answer, CallOptions, Check, Decision, Pdp, Plan, Principal, Resource } from "../types.js";
import type { DecisionEvent } from "./event.js";
import { type DecisionRecorder, decisionId, type Outcome } from "./recorder.js";

type Source = DecisionEvent["source"];

/** A check whose resource is not known yet, or does not exist. */
type Question = Omit<Check, "resource"> & { readonly resource?: Resource };

/** An answer that is on record, with the id of its event. */
type Recorded<T> = T & { readonly id: string };
export type RecordedAnswer = Recorded<Answer>;

/** How long the PDP took, and the trace that the call belongs to. */
type Timing = Pick<Outcome, "duration" | "traceId">;

/** The PDP for one request. Every answer is on record before the caller gets it. */
export class RecordedPdp {
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
  ): Promise<readonly [RecordedAnswer, ...RecordedAnswer[]]> {
    const [answers, timing] = await this.#ask(source, checks, async (options) => {
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
      const wait = this.#recordDecision(source, checks[n] as Check, id, allowed, answer, timing);
      if (wait) waits.push(wait);
      return { id, allowed, callId };
    });
    if (waits.length > 0) await Promise.all(waits);
    return recorded as [RecordedAnswer, ...RecordedAnswer[]];
  }

  /** The plan for an action: on which resources of a kind it is allowed. */
  async plan(source: Source, principal: Principal, check: Check): Promise<Recorded<Plan>> {
    const [plan, timing] = await this.#ask(source, [check], async (options) => {
      const given = await this.#pdp.plan(principal, check.kind, check.action, options);
      if (!isFilter(given?.filter)) throw new PdpUnavailableError("bad_answer");
      return given;
    });
    const { filter, callId } = plan;
    const id = decisionId(callId);
    await this.#recordDecision(source, check, id, filter.decision !== "denied", plan, timing);
    return { id, filter, callId };
  }

  /**
   * Runs a step that comes before a call to the PDP. If it throws, the refusal is recorded before the error is thrown
   * on.
   */
  async recordingFailure<T>(source: Source, question: Question, step: () => T | Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      await this.#recordFailure(source, question, error);
      throw error;
    }
  }

  /** Records a refusal for which the PDP was not asked. @param error - its code */
  async recordRefusal(source: Source, question: Question, error: string): Promise<void> {
    await this.#recordRefused(source, question, decisionId(""), error, this.#untimed());
  }

  /** Asks the PDP. If the call fails, a refusal is recorded for each of the checks before the error is thrown on. */
  async #ask<T>(
    source: Source,
    checks: readonly Check[],
    send: (options: CallOptions) => Promise<T>,
  ): Promise<[T, Timing]> {
    const [{ kind, action }] = checks as [Check];
    const attributes = { "authz.kind": kind, "authz.action": action, "authz.checks": checks.length };
    const span = startCallSpan(traceContextOf(this.#req), `${source} ${kind} ${action}`, attributes);
    const { traceId, traceparent } = propagationOf(span);
    const start = performance.now();
    try {
      const answer = await send({ includeMetadata: this.#recorder.isWanted, traceparent });
      return [answer, { duration: performance.now() - start, traceId }];
    } catch (error) {
      failSpan(span, error);
      const timing = { duration: performance.now() - start, traceId };
      await Promise.all(checks.map((check) => this.#recordFailure(source, check, error, timing)));
      throw error;
    } finally {
      span.end();
    }
  }

  async #recordFailure(source: Source, question: Question, error: unknown, timing = this.#untimed()): Promise<void> {
    const refusal = error instanceof AuthorizationError ? error : undefined;
    const id = decisionId("");
    if (refusal) refusal.decisionId = id;
    await this.#recordRefused(source, question, id, refusal?.code ?? "error", timing);
  }

  #recordRefused(
    source: Source,
    { kind, action, resource }: Question,
    id: string,
    error: string,
    timing: Timing,
  ): void | Promise<void> {
    const outcome = { id, source, kind, action, resource, allowed: false, error, ...timing };
    return this.#recorder.record(this.#req, this.#principal, outcome);
  }

  #recordDecision(
    source: Source,
    { kind, action, resource }: Check,
    id: string,
    allowed: boolean,
    { callId, metadata, filter }: Pick<Answer, "callId" | "metadata"> & { readonly filter?: Filter },
    { duration, traceId }: Timing,
  ): void | Promise<void> {
    this.decisions.push({ id, kind, resourceId: resource.id, action, allowed, callId });
    const outcome = { id, source, kind, action, resource, allowed, metadata, filter, duration, traceId, error: null };
    return this.#recorder.record(this.#req, this.#principal, outcome);
  }

  #untimed(): Timing {
    return { duration: 0, traceId: traceIdOf(traceContextOf(this.#req)) };
  }
}

// A Pdp written in JavaScript may return any value. Only a boolean, or a known filter, counts as an answer.

function isAnswer(answer: Answer): boolean {
  return typeof answer?.allowed === "boolean";
}

function isFilter(filter: Filter | undefined): filter is Filter {
  if (filter?.decision === "conditional") return typeof filter.condition === "object" && filter.condition !== null;
  return filter?.decision === "allowed" || filter?.decision === "denied";
}
