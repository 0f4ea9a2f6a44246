import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Db } from "../../../../app/db/database.js";
import { until } from "../../until.js";
import { leaderOf } from "../sync-processes.js";
import type { Asked } from "./decisions.js";
import type { Spans } from "./spans.js";
import { pick } from "./steps.js";

/** More than a process takes to start, and another one to lead. */
const TAKE_OVER_LIMIT_MS = 60_000;
/** Longer than a process leads that does not say so again. */
const FROZEN_MS = 8_000;

/** A process that follows the organization. */
export interface RunningProcess extends Asked {
  leads(leader: string | null): boolean;
  kill(): Promise<void>;
  /** Lets it stand still, as a virtual machine may. Left out: it cannot. @returns what lets it go on */
  freeze?(): () => void;
}

/** The processes of a history: those that are killed are started again. */
export class Processes {
  running: readonly RunningProcess[] = [];
  /** How many there were so far. */
  started = 0;
  kills = 0;
  /** How long it took until another process led, each time, in ms. */
  readonly takeOversMs: number[] = [];
  readonly #start: () => Promise<RunningProcess>;
  readonly #db: Db;
  readonly #excused: Spans;
  readonly #pending = new Set<Promise<void>>();

  /** @param excused - gets the spans of time in which nobody leads */
  constructor(start: () => Promise<RunningProcess>, db: Db, excused: Spans) {
    this.#start = start;
    this.#db = db;
    this.#excused = excused;
  }

  async begin(number: number): Promise<void> {
    this.#later(this.#untilLed(null));
    const starts = Array.from({ length: number }, () => this.#startOne());
    for (const start of starts) this.#later(start);
    await Promise.all(starts);
  }

  /**
   * Kills one, and begins to start another one.
   *
   * @param n - any number, which says which one
   * @param endsLease - whether its lease is over at once, so that others need not wait for it
   */
  async kill(n: number, endsLease: boolean): Promise<void> {
    const leader = await leaderOf(this.#db);
    const victim = pick(this.running, n);
    if (!victim) return;
    this.running = this.running.filter((each) => each !== victim);
    this.kills++;
    await victim.kill();
    if (victim.leads(leader)) {
      this.#later(this.#untilLed(leader));
      if (endsLease) await this.#db.execute(sql`update directory_state set leader = null where leader = ${leader}`);
    }
    this.#later(this.#startOne());
  }

  /** Lets the leader stand still until another process leads. It goes on then, and has to find out. */
  async freezeLeader(): Promise<void> {
    const leader = await leaderOf(this.#db);
    const victim = this.running.find((each) => each.leads(leader));
    if (!victim?.freeze || this.running.length < 2) return;
    this.running = this.running.filter((each) => each !== victim);
    const thaw = victim.freeze();
    this.#later(this.#untilLed(leader));
    this.#later(
      sleep(FROZEN_MS).then(() => {
        thaw();
        this.running = [...this.running, victim];
      }),
    );
  }

  /** Resolves when all that were killed are replaced. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#pending);
    await Promise.all(this.running.map((process) => process.kill()));
  }

  async #startOne(): Promise<void> {
    const process = await this.#start();
    this.started++;
    this.running = [...this.running, process];
  }

  async #untilLed(before: string | null): Promise<void> {
    const began = Date.now();
    const end = this.#excused.begin(began);
    const isLed = async () => ![null, before].includes(await leaderOf(this.#db));
    await until(isLed, TAKE_OVER_LIMIT_MS, "another process leads");
    end(Date.now());
    if (before !== null) this.takeOversMs.push(Date.now() - began);
  }

  #later(work: Promise<void>): void {
    this.#pending.add(work);
    work.then(
      () => this.#pending.delete(work),
      () => {},
    );
  }
}
