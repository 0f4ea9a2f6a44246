import { DecisionNotRecordedError } from "../errors.js";
import { decisionCounter } from "../telemetry.js";
import type { Resource } from "../types.js";
import { countsOf } from "./check-counts.js";
import type { DecisionEvent, DecisionSink } from "./event.js";
import {
  type AnsweredCheck,
  type ChecksOutcome,
  type CountedOutcome,
  checkEvent,
  type EnforcedOutcome,
  type EventAttributes,
  effectOf,
  enforcedEvent,
  type Subject,
} from "./make-event.js";

/** Where the events of decisions go, and what is in them. */
export interface DecisionOptions {
  /** Each sink gets every event. */
  readonly sinks: readonly DecisionSink[];
  /**
   * Names of the attributes that events contain. Default: none, since attributes of principals and resources often are
   * personal data.
   */
  readonly attributes?: EventAttributes;
}

/** Makes an event of each decision, and gives it to the sinks. */
export class DecisionRecorder {
  readonly #sinks: readonly DecisionSink[];
  readonly #attributes: EventAttributes;
  readonly #count = decisionCounter();

  constructor({ sinks, attributes = {} }: DecisionOptions) {
    this.#sinks = sinks;
    this.#attributes = attributes;
  }

  /** Whether there are sinks, so that the PDP should be asked for the metadata that goes into events. */
  get isWanted(): boolean {
    return this.#sinks.length > 0;
  }

  /**
   * Counts a decision of a guard or filter, and gives its event to every sink.
   *
   * @returns a promise that resolves when every sink has taken the event; nothing when there is no need to wait
   * @throws {@link DecisionNotRecordedError} (as a rejection) when a sink does not take it
   */
  record(subject: Subject, outcome: EnforcedOutcome): void | Promise<void> {
    const { source, kind, action, allowed, resource, error } = outcome;
    this.#count({ source, kind, action, effect: effectOf(allowed), ...(error && { error }) });
    return this.#give(subject, resource, () => enforcedEvent(subject, outcome, this.#attributes));
  }

  /** Counts each of the checks of a call that was made ahead, and gives their one event to every sink: as `record`. */
  recordChecks(subject: Subject, outcome: ChecksOutcome): void | Promise<void> {
    this.countChecks(outcome.checks, outcome.error);
    return this.#give(subject, undefined, () => checkEvent(subject, outcome, this.#attributes));
  }

  /**
   * Gives the one event of many checks to every sink: as `record`. They have been counted as they were answered, by
   * `countChecks`.
   */
  recordCounts(subject: Subject, outcome: CountedOutcome): void | Promise<void> {
    return this.#give(subject, undefined, () => checkEvent(subject, outcome, this.#attributes));
  }

  /** Counts each of some checks that were made ahead. @param error - the code of the refusal, if they were refused */
  countChecks(checks: readonly AnsweredCheck[], error: string | null): void {
    for (const { kind, action, checked, allowed } of countsOf(checks)) {
      for (const [effect, count] of [
        ["allow", allowed],
        ["deny", checked - allowed],
      ] as const) {
        if (count > 0) this.#count({ source: "check", kind, action, effect, ...(error && { error }) }, count);
      }
    }
  }

  #give(
    { req, principal }: Subject,
    resource: Resource | undefined,
    makeEvent: () => DecisionEvent,
  ): void | Promise<void> {
    if (!this.isWanted) return;
    let event: DecisionEvent;
    try {
      event = makeEvent();
    } catch (cause) {
      return Promise.reject(new DecisionNotRecordedError({ cause }));
    }
    const waits = this.#sinks.flatMap((sink) => {
      try {
        return sink.record(event, { req, principal, resource }) ?? [];
      } catch (cause) {
        // The other sinks get the event all the same.
        return Promise.reject(cause);
      }
    });
    if (waits.length > 0) return settled(waits);
  }
}

async function settled(waits: readonly Promise<void>[]): Promise<void> {
  try {
    await Promise.all(waits);
  } catch (cause) {
    throw new DecisionNotRecordedError({ cause });
  }
}
