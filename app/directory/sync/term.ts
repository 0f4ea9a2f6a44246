import type { Logger } from "pino";
import type { Revocations } from "../../auth/revocation/revocations.js";
import type { Db } from "../../db/database.js";
import type { OktaApi } from "../okta-api/client.js";
import type { Changes } from "../store/change.js";
import type { DirectorySource } from "../store/state.js";
import { Alarm, unlessStopped } from "./stopping.js";
import { writeFromOkta } from "./write-from-okta.js";

/** What the directory asks Okta's API. */
export type DirectoryApi = Pick<
  OktaApi,
  | "users"
  | "usersChangedSince"
  | "user"
  | "groups"
  | "groupsChangedSince"
  | "groupsOf"
  | "group"
  | "membersOf"
  | "log"
  | "logFrom"
  | "close"
>;

/** How the directory follows Okta. */
export interface SyncSettings extends DirectorySource {
  /** How often the log is read, and changes are asked for, in seconds. */
  readonly syncSeconds: number;
  /** How many of all people, or of all memberships, a reconciliation may remove by itself, in percent. */
  readonly brakePercent: number;
}

/** What all parts of the sync work with. */
export interface SyncOptions {
  readonly db: Db;
  readonly api: DirectoryApi;
  readonly settings: SyncSettings;
  /** Ends the access of those who are not active in Okta any more, or whose session there has ended. */
  readonly revocations: Revocations;
  readonly logger: Logger;
}

/** The time during which this process leads: it alone follows Okta then. */
export class Term {
  readonly options: SyncOptions;
  /** Aborted at its end. */
  readonly signal: AbortSignal;
  /** Wakes the worker of the inbox, and the reader of the log. */
  readonly inboxAlarm = new Alarm();
  readonly logAlarm = new Alarm();
  readonly #leader: string;
  #lastAnswer = Number.NEGATIVE_INFINITY;

  constructor(options: SyncOptions, leader: string, signal: AbortSignal) {
    this.options = options;
    this.#leader = leader;
    this.signal = signal;
  }

  get db(): Db {
    return this.options.db;
  }

  get api(): DirectoryApi {
    return this.options.api;
  }

  get intervalMs(): number {
    return this.options.settings.syncSeconds * 1000;
  }

  /** How long ago Okta answered a question, in ms. */
  get sinceAnswerMs(): number {
    return performance.now() - this.#lastAnswer;
  }

  /** Waits for an answer of Okta's. @throws StoppedError at the end of the term */
  async ask<T>(answer: Promise<T>): Promise<T> {
    const told = await unlessStopped(this.signal, answer);
    this.#lastAnswer = performance.now();
    return told;
  }

  /** Writes to the directory, as long as this process leads: see {@link writeFromOkta}. */
  write(write: (tx: Db, version: number) => Promise<Changes>): Promise<Changes> {
    return writeFromOkta(this.options, this.#leader, write);
  }
}
