import { setTimeout } from "node:timers/promises";
import type { StoredDecision } from "../../record/row.js";
import type { DecisionStore } from "../../search/store.js";
import { SentDecisions } from "./sent-decisions.js";

const POLL_INTERVAL_MS = 1_000;
const MAX_DECISIONS_PER_POLL = 500;
/** After a longer pause it begins again at the end of the log, because what it has missed may be much. */
const MAX_PAUSE_MS = 10_000;

/** What is sent for a decision, to those who may see it. */
export interface TailEvent {
  readonly decision: StoredDecision;
  /** Text without line breaks. */
  readonly data: string;
}

/** What one poll has found. */
export class Poll {
  /** One more than that of the poll before. */
  readonly number: number;
  /** The end of the log when polling began. Decisions that are not behind it are not reported. */
  readonly startSeq: number;
  /** The end of the log; 0 when there may be more new decisions than were read. */
  readonly lastSeq: number;
  readonly #seqs: readonly number[];
  readonly #events = new Map<string, Promise<readonly TailEvent[]>>();

  /** @param seqs - sequence numbers of the decisions that have become visible since the poll before */
  constructor(number: number, startSeq: number, lastSeq: number, seqs: readonly number[]) {
    this.number = number;
    this.startSeq = startSeq;
    this.lastSeq = lastSeq;
    this.#seqs = seqs;
  }

  /**
   * The events of a tail, made once for all tails with the same search and filter. Each tail checks them for its own
   * principal.
   *
   * @param key - the same for tails for which the same events are made
   * @param make - makes the events, given the sequence numbers of the new decisions
   */
  async eventsFor(
    key: string,
    make: (seqs: readonly number[]) => Promise<readonly TailEvent[]>,
  ): Promise<readonly TailEvent[]> {
    if (this.#seqs.length === 0) return [];
    const events = this.#events.get(key) ?? make(this.#seqs);
    this.#events.set(key, events);
    return events;
  }
}

/** Polling since it began. */
interface Run {
  readonly startSeq: number;
  readonly reported: SentDecisions;
  lastSeq: number;
}

/**
 * Looks which decisions are new in the log: once a second, with one query for all live tails of the process, and only
 * while one of them waits. It keeps the newest poll alone, so that a client that reads slowly takes no memory here.
 */
export class LogPoller {
  readonly #store: DecisionStore;
  #run: Run = { startSeq: 0, reported: new SentDecisions(0), lastSeq: 0 };
  #newest = new Poll(0, 0, 0, []);
  /** Whether the newest poll has read everything that was new. */
  #isComplete = true;
  #polledAt = Number.NEGATIVE_INFINITY;
  #starting: Promise<void> | undefined;
  #next: Promise<Poll> | undefined;

  constructor(store: DecisionStore) {
    this.#store = store;
  }

  /** Number of the newest poll. A query that begins now finds all that it and the polls before it have reported. */
  get number(): number {
    return this.#newest.number;
  }

  /** Makes sure that everything which comes behind the present end of the log is reported. */
  async start(): Promise<void> {
    if (performance.now() - this.#polledAt < MAX_PAUSE_MS) return;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    await this.#starting;
  }

  /** The newest poll if its number is greater than this; otherwise the next one. */
  async after(number: number): Promise<Poll> {
    if (this.#newest.number > number) return this.#newest;
    this.#next ??= this.#poll().finally(() => {
      this.#next = undefined;
    });
    return this.#next;
  }

  async #start(): Promise<void> {
    const lastSeq = await this.#store.lastSeq();
    this.#run = { startSeq: lastSeq, reported: new SentDecisions(lastSeq), lastSeq };
    this.#polledAt = performance.now();
  }

  async #poll(): Promise<Poll> {
    if (this.#isComplete) await setTimeout(POLL_INTERVAL_MS);
    await this.start();
    const run = this.#run;
    const seqs = await this.#store.newSeqs(run.reported.floor, run.reported.known, MAX_DECISIONS_PER_POLL);
    this.#isComplete = seqs.length < MAX_DECISIONS_PER_POLL;
    run.lastSeq = Math.max(run.lastSeq, ...seqs);
    const lastSeq = this.#isComplete ? run.lastSeq : 0;
    run.reported.add(seqs, lastSeq);
    this.#polledAt = performance.now();
    this.#newest = new Poll(this.#newest.number + 1, run.startSeq, lastSeq, seqs);
    return this.#newest;
  }
}
