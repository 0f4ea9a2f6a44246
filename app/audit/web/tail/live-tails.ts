import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import type { Response } from "express";
import type { SqlCondition } from "../../../../middleware/sql/index.js";
import { unavailable } from "../../../problems.js";
import type { StoredDecision } from "../../record/row.js";
import type { Search } from "../../search/search.js";
import type { DecisionStore } from "../../search/store.js";
import { SentDecisions } from "./sent-decisions.js";

/** Most live tails in one process. */
const MAX_OPEN_TAILS = 50;
const POLL_INTERVAL_MS = 1_000;
/** Longest time without data: proxies cut idle connections. */
const HEARTBEAT_INTERVAL_MS = 15_000;
/** Time after which the client must ask for permission again, so that a role which was taken away takes effect. */
const MAX_DURATION_MS = 5 * 60_000;
const MAX_DECISIONS_PER_POLL = 500;
/** Time after which browsers reconnect. */
const RETRY_DELAY_MS = 1_000;

export interface LiveTailOptions {
  readonly search: Search;
  readonly permitted: SqlCondition;
  /** The sequence number after which it begins. Default: the end of the log. */
  readonly lastEventId: number | undefined;
  /** Makes the data of the events, one for each decision in their order: text without line breaks. */
  readonly dataOf: (decisions: readonly StoredDecision[]) => Promise<readonly string[]>;
}

/**
 * Sends decisions as they are written, by whichever process: server-sent events (HTML Standard, section 9.2), one for
 * each decision. It polls the database once a second, so that it needs nothing but the log itself.
 */
export class LiveTails {
  readonly #store: DecisionStore;
  readonly #isClosing: () => boolean;
  #open = 0;

  constructor(store: DecisionStore, isClosing: () => boolean) {
    this.#store = store;
    this.#isClosing = isClosing;
  }

  /**
   * Sends new decisions until the client disconnects, the app stops, or five minutes are over.
   *
   * @throws ProblemError 503 when fifty live tails are open
   */
  async follow(res: Response, options: LiveTailOptions): Promise<void> {
    if (this.#open >= MAX_OPEN_TAILS) {
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

  async #follow(res: Response, { search, permitted, lastEventId, dataOf }: LiveTailOptions): Promise<void> {
    const lastSeq = await this.#store.lastSeq();
    const sent = new SentDecisions(Math.min(lastEventId ?? lastSeq, lastSeq));
    const closed = new AbortController();
    res.once("close", () => closed.abort());
    if (res.destroyed) return;
    res.set({ "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no" });
    if (res.req.method === "HEAD") {
      res.end();
      return;
    }
    const end = Date.now() + MAX_DURATION_MS;
    let nextHeartbeat = 0;
    try {
      res.write(`retry: ${RETRY_DELAY_MS}\n\n`);
      while (!this.#isClosing() && Date.now() < end) {
        const lastSeq = await this.#store.lastSeq();
        const decisions = await this.#store.since(search, permitted, sent.floor, sent.known, MAX_DECISIONS_PER_POLL);
        const data = decisions.length > 0 ? await dataOf(decisions) : [];
        // Not the decision's own sequence number: a client that goes on from there would miss a record with a smaller
        // number that becomes visible later. So some decisions are sent again after a reconnect.
        const id = `id: ${sent.floor}\n`;
        const events = data.map((text) => `${id}data: ${text}\n\n`);
        // Without data no event is dispatched, but browsers remember the id.
        if (events.length === 0 && Date.now() >= nextHeartbeat) events.push(`${id}\n`);
        if (events.length > 0) nextHeartbeat = Date.now() + HEARTBEAT_INTERVAL_MS;
        const isComplete = decisions.length < MAX_DECISIONS_PER_POLL;
        sent.add(
          decisions.map(({ seq }) => seq),
          isComplete ? lastSeq : 0,
        );
        if (events.length > 0 && !res.write(events.join(""))) await once(res, "drain", { signal: closed.signal });
        if (isComplete) await setTimeout(POLL_INTERVAL_MS, undefined, { signal: closed.signal });
      }
    } catch (error) {
      if (closed.signal.aborted) return;
      // The headers have been sent. The client reconnects, and gets an answer with a status then.
      res.req.log.warn({ err: error }, "the decision log cannot be watched now");
    }
    res.end();
  }
}
