import { LOG_PAGE_EVENTS } from "../okta-api/client.js";
import { OktaApiError } from "../okta-api/errors.js";
import type { OktaLogEvent } from "../okta-api/shapes.js";
import { NO_CHANGES } from "../store/change.js";
import { noteEvent } from "../store/events.js";
import { hasUrgentUntil } from "../store/inbox.js";
import { keepLogCursor, keepLogReadAt, keepProgress, newReconciliation, readSyncState } from "../store/state.js";
import { concernAnything, takeEvents } from "../take-events.js";
import { Failures } from "./failures.js";
import { Alarm } from "./stopping.js";
import type { Term } from "./term.js";

/** How long before now the log is read from, where there is no cursor: more than clocks differ. In ms. */
export const LOG_OVERLAP_MS = 5 * 60_000;
/** How long to wait for the first load to make a cursor, in ms. */
const NO_CURSOR_MS = 250;
/** How often to look whether what the log has rung for is in the directory, in ms. */
const SETTLE_MS = 100;

/** A read of the log that came to its end. Times are the database's, in ms since 1970. */
interface CompleteRead {
  /** When its last question to Okta began. */
  readonly began: number;
  /** When all that it found had rung. */
  readonly rung: number;
}

/** Reads Okta's log from where it was read to, and rings for what its events name. */
export class LogReader {
  readonly #term: Term;
  readonly #failures: Failures;
  readonly #settleFailures: Failures;
  readonly #settleAlarm = new Alarm();
  /** The oldest complete read whose rings may not have been answered yet, and the newest one after it. */
  #unsettled: CompleteRead | undefined;
  #newest: CompleteRead | undefined;

  constructor(term: Term) {
    this.#term = term;
    this.#failures = new Failures(term.options, "Okta's log could not be read");
    this.#settleFailures = new Failures(term.options, "it could not be noted how far the log has been read");
  }

  /** Reads until the end of the term: at each interval, and when its alarm rings, but not all the time. */
  async run(): Promise<void> {
    await Promise.all([this.#readAgainAndAgain(), this.#settle()]);
  }

  async #readAgainAndAgain(): Promise<void> {
    const { signal, intervalMs, logAlarm } = this.#term;
    const nap = new Alarm();
    // Okta takes as few as 20 questions a minute.
    const minRestMs = intervalMs / 10;
    while (!signal.aborted) {
      const next = performance.now() + intervalMs;
      let restMs: number;
      try {
        const complete = await this.#readToEnd();
        if (complete) this.#noteComplete(complete);
        restMs = complete ? Math.max(minRestMs, next - performance.now()) : NO_CURSOR_MS;
        this.#failures.succeeded();
      } catch (error) {
        restMs = await this.#failures.failed(error, intervalMs);
      }
      const napMs = Math.min(minRestMs, restMs);
      await nap.rest(napMs, signal);
      await logAlarm.rest(restMs - napMs, signal);
    }
  }

  /** @returns `undefined` when there is no cursor yet */
  async #readToEnd(): Promise<CompleteRead | undefined> {
    for (;;) {
      const { logCursor: cursor, now: began } = await readSyncState(this.#term.db);
      if (cursor === null) return undefined;
      const isAtEnd = await this.#readPage(cursor);
      if (isAtEnd) return { began, rung: (await readSyncState(this.#term.db)).now };
    }
  }

  /** @returns whether it was the last page */
  async #readPage(cursor: string): Promise<boolean> {
    try {
      const { items, next = cursor } = await this.#term.ask(this.#term.api.log(cursor));
      await this.#keep(items, next, cursor);
      return items.length < LOG_PAGE_EVENTS;
    } catch (error) {
      if (!(error instanceof OktaApiError) || error.kind !== "refused") throw error;
      await this.#beginAnew(error);
      return false;
    }
  }

  async #keep(events: readonly OktaLogEvent[], next: string, cursor: string): Promise<void> {
    if (!concernAnything(events) && next === cursor) return;
    const { revocations } = this.#term.options;
    await this.#term.write(async (tx) => {
      await takeEvents(tx, "log", events, revocations);
      await keepLogCursor(tx, next);
      return NO_CHANGES;
    });
    this.#term.inboxAlarm.wake();
  }

  /** What happened since the cursor is not known any more: everything has to be compared. */
  async #beginAnew(refusal: OktaApiError): Promise<void> {
    const cursor = this.#term.api.logFrom(new Date(Date.now() - LOG_OVERLAP_MS));
    const { next = cursor, items } = await this.#term.ask(this.#term.api.log(cursor));
    const { loadedAt } = await readSyncState(this.#term.db);
    const { revocations } = this.#term.options;
    await this.#term.write(async (tx) => {
      await takeEvents(tx, "log", items, revocations);
      await keepLogCursor(tx, next);
      await keepProgress(tx, loadedAt === null ? null : newReconciliation("log lost"));
      return NO_CHANGES;
    });
    this.#unsettled = undefined;
    this.#newest = undefined;
    this.#term.options.logger.warn({ err: refusal }, "Okta does not know any more where its log was read to");
    await noteEvent(this.#term.db, "log", "Okta did not know any more where its log was read to: all is compared");
  }

  #noteComplete(complete: CompleteRead): void {
    if (this.#unsettled) this.#newest = complete;
    else this.#unsettled = complete;
    this.#settleAlarm.wake();
  }

  /** Notes how far the directory has followed Okta, once what the log has rung for is in it. */
  async #settle(): Promise<void> {
    const { signal } = this.#term;
    while (!signal.aborted) {
      try {
        if (this.#unsettled) await this.#settleOne(this.#unsettled);
        this.#settleFailures.succeeded();
      } catch (error) {
        await this.#settleFailures.failed(error);
      }
      await this.#settleAlarm.rest(this.#unsettled ? SETTLE_MS : this.#term.intervalMs, signal);
    }
  }

  async #settleOne(read: CompleteRead): Promise<void> {
    const { db } = this.#term;
    if (await hasUrgentUntil(db, read.rung)) return;
    const { progress } = await readSyncState(db);
    if (progress?.kind === "reconciliation" && progress.reason === "log lost") return;
    await this.#term.write(async (tx) => {
      await keepLogReadAt(tx, read.began);
      return NO_CHANGES;
    });
    if (this.#unsettled !== read) return;
    this.#unsettled = this.#newest;
    this.#newest = undefined;
  }
}
