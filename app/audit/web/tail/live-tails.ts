import { once } from "node:events";
import type { Response } from "express";
import { unavailable } from "../../../problems.js";
import type { DecisionStore } from "../../search/store.js";
import { LogPoller } from "./log-poller.js";
import { type Batch, NewDecisions, type TailQuery } from "./new-decisions.js";

/** Most live tails in one process. */
const MAX_OPEN_TAILS = 50;
/** Longest time without data: proxies cut idle connections. */
const HEARTBEAT_INTERVAL_MS = 15_000;
/** Time after which the client must ask for permission again, so that a role which was taken away takes effect. */
const MAX_DURATION_MS = 5 * 60_000;
/** Time after which browsers reconnect. */
const RETRY_DELAY_MS = 1_000;

/**
 * Sends decisions as they are written, by whichever process: server-sent events (HTML Standard, section 9.2), one for
 * each decision. They come from the database alone, which is polled once a second for all live tails together.
 */
export class LiveTails {
  readonly #store: DecisionStore;
  readonly #isClosing: () => boolean;
  readonly #poller: LogPoller;
  #open = 0;

  constructor(store: DecisionStore, isClosing: () => boolean) {
    this.#store = store;
    this.#isClosing = isClosing;
    this.#poller = new LogPoller(store);
  }

  /**
   * Sends new decisions until the client disconnects, the app closes, or five minutes are over.
   *
   * @throws ProblemError 503 when fifty live tails are open
   */
  async follow(res: Response, query: TailQuery): Promise<void> {
    if (this.#open >= MAX_OPEN_TAILS) {
      throw unavailable(
        "Too many are watching",
        "The log can be watched by so many at once only. Try again in a moment.",
      );
    }
    if (res.closed) return;
    this.#open += 1;
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(), MAX_DURATION_MS);
    res.once("close", () => {
      clearTimeout(timer);
      ended.abort();
      this.#open -= 1;
    });
    await this.#follow(res, query, ended.signal);
  }

  async #follow(res: Response, query: TailQuery, ended: AbortSignal): Promise<void> {
    const decisions = await NewDecisions.open(this.#store, this.#poller, query);
    // Before the headers, so that a failure gets a status.
    let batch = await decisions.next();
    if (res.destroyed) return;
    res.set({ "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no" });
    if (res.req.method === "HEAD") {
      res.end();
      return;
    }
    let nextHeartbeat = 0;
    try {
      res.write(`retry: ${RETRY_DELAY_MS}\n\n`);
      while (!this.#isClosing() && !ended.aborted) {
        const isQuiet = batch.data.length === 0;
        if (!isQuiet || Date.now() >= nextHeartbeat) {
          nextHeartbeat = Date.now() + HEARTBEAT_INTERVAL_MS;
          if (!res.write(textOf(batch))) await once(res, "drain", { signal: ended });
        }
        batch = await decisions.next();
      }
    } catch (error) {
      // The client has disconnected, or does not read what was sent.
      if (ended.aborted) return void res.destroy();
      // The headers have been sent. The client reconnects, and gets an answer with a status then.
      res.req.log.warn({ err: error }, "the decision log cannot be watched now");
    }
    res.end();
  }
}

function textOf({ id, data }: Batch): string {
  // Without data no event is dispatched, but browsers remember the id.
  return data.length === 0 ? `id: ${id}\n\n` : data.map((text) => `id: ${id}\ndata: ${text}\n\n`).join("");
}
