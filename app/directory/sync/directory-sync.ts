import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { noteEvent } from "../store/events.js";
import { takeReadNumber } from "../store/reads.js";
import { claimOrg, readSyncState } from "../store/state.js";
import { Failures } from "./failures.js";
import { InboxWorker } from "./inbox-worker.js";
import { keepLeading } from "./leadership.js";
import { LogReader } from "./log-reader.js";
import { readUser, writeReadUser } from "./read-user.js";
import { runRounds } from "./rounds.js";
import { Alarm, unlessStopped } from "./stopping.js";
import { type SyncOptions, Term } from "./term.js";
import { writeFromOkta } from "./write-from-okta.js";

/**
 * Keeps the directory in step with Okta. Of all processes with the same database one leads and does so; each can fetch
 * a user at once, and any can ring: what is rung for is read within 200 ms, sooner when {@link wake} is called.
 */
export class DirectorySync {
  readonly #options: SyncOptions;
  readonly #stopped = new AbortController();
  readonly #fetches = new Map<string, Promise<void>>();
  #opened: Promise<void> = Promise.reject(new Error("the directory has not been started"));
  #running: Promise<void> = Promise.resolve();
  #term: Term | undefined;

  constructor(options: SyncOptions) {
    this.#options = options;
    this.#opened.catch(() => {});
  }

  /** Begins, and goes on until {@link stop}, whatever fails. */
  start(): void {
    this.#opened = this.#claimOrg();
    this.#running = this.#opened.then(() => this.#lead()).catch(() => {});
  }

  /** Resolves when the directory in the database is of what this process follows, and of nothing else any more. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  /** Says that something has been rung for. It saves time where this process leads. */
  wake(): void {
    this.#term?.inboxAlarm.wake();
  }

  /** Ends everything, and lets another process lead. It does not wait for answers of Okta. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#options.api.close();
    await this.#running;
    await Promise.allSettled(this.#fetches.values());
  }

  /**
   * Reads a user and their groups from Okta now, in any process. Callers at the same time share one read, which goes on
   * when they wait no longer. When it resolves, they are in the directory, or Okta does not know them.
   *
   * @throws OktaApiError when Okta does not answer; and when the directory is of another organization by now, in which the id
   * may be someone else's
   */
  fetchNow(userId: string): Promise<void> {
    const fetching = this.#fetches.get(userId) ?? this.#fetch(userId).finally(() => this.#fetches.delete(userId));
    this.#fetches.set(userId, fetching);
    return fetching;
  }

  async #fetch(userId: string): Promise<void> {
    const { db, api, settings } = this.#options;
    await this.#opened;
    const read = await takeReadNumber(db);
    const told = await unlessStopped(this.#stopped.signal, readUser(api, userId));
    await writeFromOkta(this.#options, undefined, async (tx, version) => {
      const { org, managerAttribute } = await readSyncState(tx);
      if (org !== settings.org) throw new Error("the directory is of another Okta organization by now");
      if (managerAttribute !== settings.managerAttribute) throw new Error("another attribute names managers by now");
      return writeReadUser(tx, userId, told, read, version);
    });
  }

  async #claimOrg(): Promise<void> {
    const { db, settings, logger } = this.#options;
    const failures = new Failures(this.#options, "the directory could not be opened");
    for (;;) {
      try {
        const wasOther = await claimOrg(db, settings);
        if (!wasOther) return;
        logger.info("the directory was of another Okta organization: it is read anew");
        return await noteEvent(db, "load", "the directory was of another Okta organization: it is read anew");
      } catch (error) {
        if (this.#stopped.signal.aborted) throw error;
        await new Alarm().rest(await failures.failed(error), this.#stopped.signal);
      }
    }
  }

  #lead(): Promise<void> {
    const { db, logger, settings } = this.#options;
    const leader = `${hostname()} ${process.pid} ${randomBytes(4).toString("hex")}`;
    const work = async (signal: AbortSignal) => {
      const term = new Term(this.#options, leader, signal);
      this.#term = term;
      await Promise.all([new InboxWorker(term).run(), new LogReader(term).run(), runRounds(term)]);
    };
    return keepLeading({ db, logger, leader, source: settings, work }, this.#stopped.signal);
  }
}
