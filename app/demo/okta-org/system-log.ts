import type { FaultSource } from "./faults.js";
import type { Organization } from "./model/organization.js";
import type { LogEvent } from "./model/types.js";

/** An organization's System Log: its events in the order in which they were persisted, which only ever grows. */
export class SystemLog {
  readonly #events: LogEvent[] = [];

  constructor(organization: Organization, source: FaultSource) {
    organization.listen({
      event: (event) => {
        const lagMs = source.upTo(source.faults.logLagMs);
        if (lagMs > 0) setTimeout(() => this.#events.push(event), lagMs).unref();
        else this.#events.push(event);
      },
    });
  }

  /** How many events there are, which is the position of the last one. */
  get length(): number {
    return this.#events.length;
  }

  /**
   * The events behind a position.
   *
   * @param since - leaves out those published before this time, in milliseconds since 1970
   * @param until - leaves out those published at this time or later
   * @returns at most `limit` events, and the position to which the log has been read
   */
  after(
    position: number,
    {
      since = Number.NEGATIVE_INFINITY,
      until = Number.POSITIVE_INFINITY,
      limit,
    }: { since?: number; until?: number; limit: number },
  ): { events: LogEvent[]; position: number } {
    const events: LogEvent[] = [];
    let index = position;
    for (; index < this.#events.length && events.length < limit; index++) {
      const event = this.#events[index];
      const published = event ? Date.parse(event.published) : Number.NaN;
      if (event && published >= since && published < until) events.push(event);
    }
    return { events, position: index };
  }
}
