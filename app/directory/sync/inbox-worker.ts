import { done, failed, keyOf, setAside, type Taken, take } from "../store/inbox.js";
import { delayAfter, Failures, isEndOfTerm } from "./failures.js";
import { readGroup, writeReadGroup } from "./read-group.js";
import { readUser, writeReadUser } from "./read-user.js";
import type { Term } from "./term.js";
import { writeUnreadable } from "./unreadable.js";

const MAX_AT_ONCE = 4;
/** How often other processes' rings are looked for, in ms. */
const POLL_MS = 150;
/** When so many fail one after the other, it is Okta that fails: a pause follows. */
const MANY_FAILURES = 4;
/** After so many failures of one entry, while Okta answers other questions, it is this user or group that cannot be read. */
const UNREADABLE_FAILURES = 6;
const UNREADABLE_DELAY_MS = 60_000;

/** Reads from Okta what the inbox says may have changed, and writes what is so now. */
export class InboxWorker {
  readonly #term: Term;
  readonly #busy = new Map<string, Promise<void>>();
  readonly #failures: Failures;
  /** Which entries have failed since one succeeded. */
  readonly #failing = new Set<string>();
  #pausedUntil = 0;

  constructor(term: Term) {
    this.#term = term;
    this.#failures = new Failures(term.options, "users or groups could not be read from Okta");
  }

  /** Works until the end of the term. */
  async run(): Promise<void> {
    const { signal, inboxAlarm } = this.#term;
    while (!signal.aborted) {
      const started = await this.#startNext().catch((error) => this.#failures.failed(error).then(() => 0));
      if (started === 0) await inboxAlarm.rest(POLL_MS, signal);
    }
    await Promise.all(this.#busy.values());
  }

  /** @returns how many entries it has begun with */
  async #startNext(): Promise<number> {
    const free = MAX_AT_ONCE - this.#busy.size;
    if (free === 0 || performance.now() < this.#pausedUntil) return 0;
    const taken = await take(this.#term.db, free, [...this.#busy.keys()]);
    for (const entry of taken) {
      const work = this.#answer(entry).finally(() => {
        this.#busy.delete(keyOf(entry));
        this.#term.inboxAlarm.wake();
      });
      this.#busy.set(keyOf(entry), work);
    }
    // Where one hook arrived, another may have been lost.
    if (taken.some(({ source }) => source === "hook")) this.#term.logAlarm.wake();
    return taken.length;
  }

  async #answer(entry: Taken): Promise<void> {
    try {
      if (entry.kind === "user") await this.#readUser(entry);
      else await this.#readGroup(entry);
      this.#failing.clear();
      this.#failures.succeeded();
    } catch (error) {
      if (!isEndOfTerm(error)) await this.#noteFailure(entry, error).catch((err) => this.#failures.failed(err));
    }
  }

  async #readUser(entry: Taken): Promise<void> {
    const { api } = this.#term;
    const told = await this.#term.ask(readUser(api, entry.id));
    await this.#term.write(async (tx, version) => {
      const changes = await writeReadUser(tx, entry.id, told, entry.read, version);
      await done(tx, entry);
      return changes;
    });
  }

  async #readGroup(entry: Taken): Promise<void> {
    const told = await this.#term.ask(readGroup(this.#term.api, entry.id));
    await this.#term.write(async (tx, version) => {
      const changes = await writeReadGroup(tx, entry.id, told, entry.read, version);
      await done(tx, entry);
      return changes;
    });
  }

  async #noteFailure(entry: Taken, error: unknown): Promise<void> {
    const { db, intervalMs, sinceAnswerMs } = this.#term;
    this.#failing.add(keyOf(entry));
    const delayMs = await this.#failures.failed(error, intervalMs);
    if (this.#failing.size >= MANY_FAILURES) this.#pausedUntil = performance.now() + delayMs;
    const isUnreadable = entry.failures + 1 >= UNREADABLE_FAILURES && sinceAnswerMs < 2 * intervalMs;
    if (isUnreadable) await this.#setAside(entry);
    else await failed(db, entry, delayAfter(entry.failures + 1, intervalMs));
  }

  /** What was known of the user or group once decides nothing any more. The other entries need not wait for this one. */
  async #setAside(entry: Taken): Promise<void> {
    await this.#term.write(async (tx, version) => {
      await setAside(tx, entry, UNREADABLE_DELAY_MS);
      const why = "it fails again and again, while others can be read";
      return writeUnreadable(tx, entry.kind, [{ id: entry.id, why }], entry.read, version);
    });
  }
}
