import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Db } from "../../../../app/db/database.js";
import type { Answer } from "../follower.js";
import { type Facts, fact } from "./facts.js";
import type { Spans } from "./spans.js";
import { pick } from "./steps.js";

const PAUSE_MS = 5;
const ANSWER_TIMEOUT_MS = 10_000;
/**
 * How long it takes to ask a process and the database, with the pause, on a machine that has nothing else to do. What follows
 * the organization does the same things: by how much they take longer, it is slower, too.
 */
const ROUND_MS = 25;
/** How exactly the clocks can be compared. */
const CLOCK_MARGIN_MS = 5;

/** A process that is asked who users are. */
export interface Asked {
  readonly url: string;
}

/** What there is to watch decisions with. */
interface WatchOptions {
  readonly db: Db;
  readonly facts: Facts;
  /** Spans of time in which nobody can know of a change: they do not count. */
  readonly excused: Spans;
  /** How long a decision may rest on what is so no longer, besides that, in ms. */
  readonly boundMs: () => number;
  /** By how much the database's clock is ahead of this process's, in ms. */
  readonly clockAheadMs: number;
  /** The processes that can be asked now. */
  readonly asked: () => readonly Asked[];
  /** All users who are or ever were. */
  readonly userIds: () => readonly string[];
}

/**
 * Asks again and again who users are, and judges the answers as decisions: what they rest on must be so, or have been so a
 * moment ago. And what the directory says that it has followed, it must know.
 */
export class DecisionWatch {
  readonly findings: string[] = [];
  /** The ids of all who were somebody in a decision. */
  readonly seen = new Set<string>();
  decisions = 0;
  unanswered = 0;
  /** By how much the most outdated decision was within the bound (below 0), or beyond it, in ms. */
  worstMs = Number.NEGATIVE_INFINITY;
  /** For how long the machine was too busy, of how long it was watched. In ms. */
  busyMs = 0;
  watchedMs = 0;
  readonly #options: WatchOptions;
  readonly #found = new Set<string>();
  /** What each process has last told, and when. */
  readonly #last = new Map<string, { readonly at: number; readonly waitedMs: number }>();
  #isOver = false;
  readonly #running: Promise<void>;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#running = this.#watch();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #watch(): Promise<void> {
    for (let n = 0; !this.#isOver; n++) {
      const began = Date.now();
      const process = pick(this.#options.asked(), n);
      const userId = pick(this.#options.userIds(), n * 7_919);
      if (process && userId) await this.#decide(process, userId);
      await this.#options.db.execute(sql`select 1`);
      await sleep(PAUSE_MS);
      this.#noteRound(began, Date.now());
    }
  }

  async #decide(process: Asked, userId: string): Promise<void> {
    const asked = Date.now();
    const answer = await ask(process, userId);
    if (!answer) {
      this.unanswered++;
      return;
    }
    this.#excuseWaiting(process.url, answer.waitedMs);
    this.decisions++;
    const { directory } = answer.user ?? {};
    if (!directory) return;
    this.seen.add(userId);
    const restsOn = [
      fact.active(userId),
      ...directory.grants.flatMap(({ group: { id, name } }) => [fact.member(userId, id), fact.name(id, name)]),
    ];
    for (const each of restsOn) this.#judge(each, { asked, asOf: Date.parse(String(directory.asOf)) });
  }

  /** What a process has waited since the last answer lies between that and the end of what it has begun to wait. */
  #excuseWaiting(url: string, waitedMs: number): void {
    const now = Date.now();
    const last = this.#last.get(url) ?? { at: now, waitedMs: 0 };
    if (waitedMs > last.waitedMs) this.#options.excused.add(last.at, now + waitedMs - last.waitedMs);
    this.#last.set(url, { at: now, waitedMs });
  }

  #noteRound(from: number, to: number): void {
    const busyMs = Math.max(0, to - from - ROUND_MS);
    this.watchedMs += to - from;
    this.busyMs += busyMs;
    this.#options.excused.add(to - busyMs, to);
  }

  #judge(restsOn: Parameters<Facts["endOf"]>[0], { asked, asOf }: { asked: number; asOf: number }): void {
    const { facts, excused, boundMs, clockAheadMs } = this.#options;
    const end = facts.endOf(restsOn);
    if (end === undefined) return;
    if (end === null) {
      this.#note(restsOn, "which never was so");
      return;
    }
    const pastMs = end.inLogBy === undefined ? 0 : asOf - clockAheadMs - end.inLogBy;
    if (pastMs > CLOCK_MARGIN_MS) {
      this.#note(restsOn, `and said that it had followed the log for ${Math.round(pastMs)} ms past the end of this`);
    }
    const excusedMs = excused.within(end.at, asked);
    const beyondMs = asked - end.at - excusedMs - boundMs();
    this.worstMs = Math.max(this.worstMs, beyondMs);
    if (beyondMs > 0) {
      const ago = `${Math.round(asked - end.at)} ms ago, of which ${Math.round(excusedMs)} are excused`;
      this.#note(restsOn, `which ended ${ago}`);
    }
  }

  /** One finding about a fact is enough. */
  #note({ subject, what }: Parameters<Facts["endOf"]>[0], finding: string): void {
    const key = `${subject} ${what}`;
    if (!this.#found.has(key)) this.findings.push(`a decision rested on "${key}", ${finding}`);
    this.#found.add(key);
  }
}

/** Who a user is, by a process; `undefined`: it does not say. */
export async function ask({ url }: Asked, userId: string): Promise<Answer | undefined> {
  try {
    const answer = await fetch(`${url}/users/${userId}`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    if (answer.ok) return (await answer.json()) as Answer;
    await answer.body?.cancel();
  } catch {
    // The process was killed, or is not there yet.
  }
  return undefined;
}
