import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Request, Response } from "express";
import { UnauthenticatedError } from "../../../../middleware/index.js";
import type { StillLoggedIn } from "../../../auth/still-logged-in.js";
import { ProblemError, unavailable } from "../../../problems.js";
import type { DecisionStore } from "../../search/store.js";
import { LogPoller } from "./log-poller.js";
import { type Batch, NewDecisions, type TailQuery } from "./new-decisions.js";

/** Most live tails in one process. */
const MAX_OPEN_TAILS = 50;
/** Most live tails of one person in one process. A browser has six connections to a site, and needs some for pages. */
const MAX_TAILS_PER_PERSON = 4;
/** Time between two looks at whether those who watch are still logged in. */
const LOGIN_CHECK_INTERVAL_MS = 500;
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
  readonly #stillLoggedIn: StillLoggedIn;
  readonly #isClosing: () => boolean;
  readonly #poller: LogPoller;
  /** The requests of the tails that are open, and what ends each. */
  readonly #open = new Map<Request, () => void>();
  #isWatchingLogins = false;

  /** @param isClosing - whether the process takes no more requests, which ends live tails */
  constructor(store: DecisionStore, stillLoggedIn: StillLoggedIn, isClosing: () => boolean) {
    this.#store = store;
    this.#stillLoggedIn = stillLoggedIn;
    this.#isClosing = isClosing;
    this.#poller = new LogPoller(store);
  }

  /**
   * Sends new decisions until the client disconnects, its session has ended or its access token is not valid any more, the
   * app closes, or five minutes are over.
   *
   * @throws ProblemError 503 when fifty live tails are open, and 429 when four of the same person are
   */
  async follow(req: Request, res: Response, query: TailQuery): Promise<void> {
    if (this.#openOf(req) >= MAX_TAILS_PER_PERSON) {
      throw new ProblemError(
        429,
        "You are watching too often",
        `The log can be watched ${MAX_TAILS_PER_PERSON} times at once by one person. Stop watching elsewhere first.`,
        { headers: { "Retry-After": "5" } },
      );
    }
    if (this.#open.size >= MAX_OPEN_TAILS) {
      throw unavailable(
        "Too many are watching",
        "The log can be watched by so many at once only. Try again in a moment.",
      );
    }
    if (res.closed) return;
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(), MAX_DURATION_MS);
    this.#open.set(req, () => {
      ended.abort();
      // The client comes back, and gets an answer with a status then.
      if (res.headersSent) res.end();
    });
    if (!this.#isWatchingLogins) this.#watchLogins();
    res.once("close", () => {
      clearTimeout(timer);
      ended.abort();
      this.#open.delete(req);
    });
    await this.#follow(res, query, ended.signal);
  }

  #openOf({ person }: Request): number {
    return [...this.#open.keys()].filter((req) => req.person?.id === person?.id).length;
  }

  /** As long as tails are open, ends those of people who are not logged in any more. All are looked up together. */
  async #watchLogins(): Promise<void> {
    this.#isWatchingLogins = true;
    while (this.#open.size > 0) {
      await sleep(LOGIN_CHECK_INTERVAL_MS);
      const open = [...this.#open];
      // Without an answer nobody is known to be logged in.
      const still = await this.#stillLoggedIn(open.map(([req]) => req)).catch(() => new Set<Request>());
      for (const [req, end] of open) if (!still.has(req)) end();
    }
    this.#isWatchingLogins = false;
  }

  async #follow(res: Response, query: TailQuery, ended: AbortSignal): Promise<void> {
    const decisions = await NewDecisions.open(this.#store, this.#poller, query);
    // Before the headers, so that a failure gets a status.
    let batch = await decisions.next();
    if (res.destroyed) return;
    if (ended.aborted) throw new UnauthenticatedError("You are no longer logged in.");
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
