import { CheckCounts } from "./check-counts.js";
import { type AnsweredCheck, type CountedOutcome, eventId, type Outcome } from "./make-event.js";

/** What counted checks have come to so far: all that their one event says. */
export class CheckTally {
  /** The id of the event. An error that a check ends with carries it. */
  readonly id = eventId("");
  readonly #counts = new CheckCounts();
  #duration = 0;
  #traceId: string | null = null;
  #error: string | null = null;

  get outcome(): CountedOutcome {
    return {
      id: this.id,
      counts: this.#counts.all,
      duration: this.#duration,
      traceId: this.#traceId,
      error: this.#error,
    };
  }

  /**
   * Adds the checks of a call.
   *
   * @param error - the code of the refusal if the call failed. The event has the first one
   */
  add(checks: readonly AnsweredCheck[], { duration, traceId }: Omit<Outcome, "id" | "error">, error: string | null) {
    this.#counts.add(checks);
    this.#duration += duration;
    this.#traceId ??= traceId;
    this.#error ??= error;
  }
}
