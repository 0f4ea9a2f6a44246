import type { Logger } from "pino";
import type { Db } from "../../db/database.js";
import { messageOf } from "../../error-description.js";
import { OktaApiError } from "../okta-api/errors.js";
import { NotLeadingError } from "../store/change.js";
import { noteEvent } from "../store/events.js";
import { StoppedError } from "./stopping.js";

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 60_000;

/** Whether an error only says that this process has no more business with what it was about. */
export function isEndOfTerm(error: unknown): boolean {
  return error instanceof StoppedError || error instanceof NotLeadingError;
}

/**
 * How long to wait before something is tried again that has failed, in ms: twice as long each time, and up to half of it
 * shorter by chance, so that not everything comes back at once.
 *
 * @param failures - how often it has failed in a row
 * @param longestMs - never longer than this, nor than a minute
 */
export function delayAfter(failures: number, longestMs = MAX_DELAY_MS): number {
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), longestMs, MAX_DELAY_MS);
  return delayMs * (1 - Math.random() / 2);
}

/** Counts the failures in a row of something that is done again and again, and tells of the first one. */
export class Failures {
  readonly #db: Db;
  readonly #logger: Logger;
  readonly #what: string;
  #count = 0;

  /** @param what - what fails, such as "the log could not be read" */
  constructor({ db, logger }: { readonly db: Db; readonly logger: Logger }, what: string) {
    this.#db = db;
    this.#logger = logger;
    this.#what = what;
  }

  /** Notes a failure. @returns how long to wait, in ms */
  async failed(error: unknown, longestMs?: number): Promise<number> {
    if (isEndOfTerm(error)) return FIRST_DELAY_MS;
    this.#count++;
    if (this.#count === 1) {
      this.#logger.warn({ err: error }, this.#what);
      // The database may be what fails.
      await noteEvent(this.#db, "failure", `${this.#what}: ${messageOf(error)}`).catch(() => {});
    }
    const asOktaSays = error instanceof OktaApiError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(delayAfter(this.#count, longestMs), Math.min(asOktaSays, MAX_DELAY_MS));
  }

  succeeded(): void {
    this.#count = 0;
  }
}
