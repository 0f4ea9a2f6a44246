import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import type { Response } from "express";
import type { SqlCondition } from "../../../middleware/sql/index.js";
import { unavailable } from "../../problems.js";
import type { DecisionStore, Search, StoredDecision } from "../search/store.js";

/** How many can be open in one process. */
const MOST_TAILS = 50;
/** ms between one look into the log and the next. */
const INTERVAL = 1_000;
/** ms between signs of life; proxies cut connections on which nothing happens. */
const HEARTBEAT = 15_000;
/** How long, in ms, a record may take from its place in the log until it can be seen there. */
const COMMIT_LAG = 5_000;
/** ms after which whoever watches has to ask again, so that a role that was lost is noticed. */
const LONGEST = 5 * 60_000;
/** Most decisions that are sent at once. */
const BATCH = 500;
/** ms after which browsers come back. */
const RETRY = 1_000;

/** What a tail works with. */
export interface TailOptions {
  readonly search: Search;
  readonly permitted: SqlCondition;
  /** The place in the log behind which it begins; left out, the end of the log. */
  readonly behind: number | undefined;
  /** What is sent of decisions, in their order: text without line breaks. */
  readonly dataOf: (decisions: readonly StoredDecision[]) => Promise<readonly string[]>;
}

/**
 * Shows decisions as they are written, by whichever process: server-sent events (HTML Standard, section 9.2), one for
 * each. It looks into the database once a second, so that it needs nothing but the log itself.
 */
export class Tails {
  readonly #store: DecisionStore;
  readonly #isStopping: () => boolean;
  #open = 0;

  constructor(store: DecisionStore, isStopping: () => boolean) {
    this.#store = store;
    this.#isStopping = isStopping;
  }

  /**
   * Sends what comes, until whoever watches goes away, the app stops, or it is time to ask for permission again.
   *
   * @throws ProblemError 503 when too many are open
   */
  async follow(res: Response, options: TailOptions): Promise<void> {
    if (this.#open >= MOST_TAILS) {
      throw unavailable(
        "Too many are watching",
        "The log can be watched by so many at once only. Try again in a moment.",
      );
    }
    this.#open += 1;
    try {
      await this.#follow(res, options);
    } finally {
      this.#open -= 1;
    }
  }

  async #follow(res: Response, { search, permitted, behind, dataOf }: TailOptions): Promise<void> {
    const last = await this.#store.last();
    const seen = new Seen(Math.min(behind ?? last, last));
    const gone = new AbortController();
    res.once("close", () => gone.abort());
    if (res.destroyed) return;
    res.set({ "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no" });
    if (res.req.method === "HEAD") {
      res.end();
      return;
    }
    const end = Date.now() + LONGEST;
    let nextSign = 0;
    try {
      res.write(`retry: ${RETRY}\n\n`);
      while (!this.#isStopping() && Date.now() < end) {
        const last = await this.#store.last();
        const decisions = await this.#store.since(search, permitted, seen.floor, seen.known, BATCH);
        const data = decisions.length > 0 ? await dataOf(decisions) : [];
        // Not the decision's own place: what comes late, at a place before it, would be lost to whoever goes on from
        // there. So some decisions come again.
        const id = `id: ${seen.floor}\n`;
        const events = data.map((text) => `${id}data: ${text}\n\n`);
        // Without data it is no event, but browsers remember the id.
        if (events.length === 0 && Date.now() >= nextSign) events.push(`${id}\n`);
        if (events.length > 0) nextSign = Date.now() + HEARTBEAT;
        seen.add(
          decisions.map(({ seq }) => seq),
          decisions.length < BATCH ? last : 0,
        );
        if (events.length > 0 && !res.write(events.join(""))) await once(res, "drain", { signal: gone.signal });
        if (decisions.length < BATCH) await setTimeout(INTERVAL, undefined, { signal: gone.signal });
      }
    } catch (error) {
      if (gone.signal.aborted) return;
      // The headers are sent. Whoever watches comes back, and is told then.
      res.req.log.warn({ err: error }, "the decision log cannot be watched now");
    }
    res.end();
  }
}

/**
 * What has been sent. Places in the log are given out in order, but a record is seen there only when its transaction
 * has ended: so the last few seconds are looked through again and again.
 */
class Seen {
  /** Nothing more will come at this place or below. */
  floor: number;
  readonly #known = new Set<number>();
  /** Up to which place everything had been sent at some moment, but for what was not to be seen yet. */
  readonly #marks: { readonly at: number; readonly place: number }[] = [];

  constructor(floor: number) {
    this.floor = floor;
  }

  /** Places above the floor that have been sent. */
  get known(): readonly number[] {
    return [...this.#known];
  }

  /** @param last - the end of the log before these were read; 0 when there may be more than were read */
  add(seqs: readonly number[], last: number): void {
    for (const seq of seqs) this.#known.add(seq);
    const at = Date.now();
    this.#marks.push({ at, place: Math.max(this.floor, last, ...seqs) });
    while (this.#marks[0] && this.#marks[0].at < at - COMMIT_LAG) this.floor = this.#marks.shift()?.place ?? this.floor;
    for (const seq of this.#known) if (seq <= this.floor) this.#known.delete(seq);
  }
}
