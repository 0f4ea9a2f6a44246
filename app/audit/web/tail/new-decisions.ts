import type { SqlCondition } from "../../../../middleware/sql/index.js";
import { parseDecision } from "../../record/parse.js";
import type { StoredDecision } from "../../record/row.js";
import type { Search } from "../../search/search.js";
import type { DecisionStore } from "../../search/store.js";
import type { RowChecks } from "../row-checks.js";
import type { LogPoller, Poll, TailEvent } from "./log-poller.js";
import { SentDecisions } from "./sent-decisions.js";

const MAX_DECISIONS_PER_QUERY = 500;

/** What a live tail sends. */
export interface TailQuery {
  readonly search: Search;
  readonly permitted: SqlCondition;
  /** What the decisions that `permitted` lets through are checked with before they are sent. */
  readonly checks: RowChecks;
  /** The sequence number after which it begins. Default: the end of the log. */
  readonly lastEventId: number | undefined;
  /** Names what `dataOf` makes. */
  readonly format: string;
  /** Makes the data of the events, one for each decision in their order: text without line breaks. */
  readonly dataOf: (decisions: readonly StoredDecision[]) => Promise<readonly string[]>;
}

/** Events that are sent together, if there are any. */
export interface Batch {
  /** Where a client that reconnects has to go on: no record up to here is missing or can still become visible. */
  readonly id: number;
  readonly data: readonly string[];
}

/**
 * The decisions that one live tail has to send, each once.
 *
 * A tail that has sent everything up to one poll goes on with the next, which costs no query unless something is new,
 * and then one for all tails that get the same. It searches the log by itself
 * - when it begins,
 * - when it has missed a poll, because its client reads slowly,
 * - as long as records may become visible before the place where polling began, which no poll reports.
 */
export class NewDecisions {
  readonly #store: DecisionStore;
  readonly #poller: LogPoller;
  readonly #query: TailQuery;
  readonly #sent: SentDecisions;
  /** Number of the poll up to which everything has been sent. */
  #polled = 0;
  /** Whether there may be more in the log than the last search found. */
  #hasMore = true;

  private constructor(store: DecisionStore, poller: LogPoller, query: TailQuery, sent: SentDecisions) {
    this.#store = store;
    this.#poller = poller;
    this.#query = query;
    this.#sent = sent;
  }

  static async open(store: DecisionStore, poller: LogPoller, query: TailQuery): Promise<NewDecisions> {
    // First, so that polling began before the place where this tail begins.
    await poller.start();
    const lastSeq = await store.lastSeq();
    const sent = new SentDecisions(Math.min(query.lastEventId ?? lastSeq, lastSeq));
    return new NewDecisions(store, poller, query, sent);
  }

  /** What has to be sent next. Waits for the next poll, unless the tail is behind. */
  async next(): Promise<Batch> {
    const poll = this.#hasMore ? undefined : await this.#poller.after(this.#polled);
    // Not the sequence number of each decision: a client that goes on from there would miss a record with a smaller
    // number that becomes visible later. So some decisions are sent again after a reconnect.
    const id = this.#sent.floor;
    const isNext = poll && poll.number === this.#polled + 1 && poll.startSeq <= this.#sent.floor;
    const events = isNext ? await this.#takeFrom(poll) : await this.#search();
    return { id, data: await this.#shownOf(events) };
  }

  /** The data of the events that may be sent. */
  async #shownOf(events: readonly TailEvent[]): Promise<readonly string[]> {
    const decisions = events.map(({ decision }) => decision).filter((decision) => !isOfTail(decision));
    if (decisions.length === 0) return [];
    const permitted = new Set(await this.#query.checks.permitted(decisions));
    return events.filter(({ decision }) => permitted.has(decision)).map(({ data }) => data);
  }

  async #takeFrom(poll: Poll): Promise<readonly TailEvent[]> {
    const { search, permitted, format } = this.#query;
    const key = JSON.stringify([format, search, permitted.text, permitted.values]);
    const found = await poll.eventsFor(key, async (seqs) =>
      this.#eventsOf(await this.#store.among(seqs, search, permitted)),
    );
    // A search may have found them already.
    const events = found.filter(({ decision }) => this.#sent.isNew(decision.seq));
    this.#note(events, poll.lastSeq);
    this.#polled = poll.number;
    return events;
  }

  async #search(): Promise<readonly TailEvent[]> {
    const { search, permitted } = this.#query;
    const { floor, known } = this.#sent;
    const polled = this.#poller.number;
    const lastSeq = await this.#store.lastSeq();
    const decisions = await this.#store.since(search, permitted, floor, known, MAX_DECISIONS_PER_QUERY);
    const events = await this.#eventsOf(decisions);
    this.#hasMore = decisions.length === MAX_DECISIONS_PER_QUERY;
    this.#note(events, this.#hasMore ? 0 : lastSeq);
    this.#polled = polled;
    return events;
  }

  async #eventsOf(decisions: readonly StoredDecision[]): Promise<readonly TailEvent[]> {
    const data = decisions.length > 0 ? await this.#query.dataOf(decisions) : [];
    return decisions.map((decision, n) => ({ decision, data: data[n] ?? "" }));
  }

  #note(events: readonly TailEvent[], lastSeq: number): void {
    this.#sent.add(
      events.map(({ decision }) => decision.seq),
      lastSeq,
    );
  }
}

/**
 * Whether a decision is the record of what a live tail has checked. Tails leave these out: otherwise a tail on a quiet log
 * would get something to check, and to record, by the tail before it.
 */
function isOfTail(decision: StoredDecision): boolean {
  if (decision.source !== "check") return false;
  return parseDecision(decision).record?.counts?.some(({ action }) => action === "tail") ?? false;
}
