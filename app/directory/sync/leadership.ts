import type { Logger } from "pino";
import type { Db } from "../../db/database.js";
import { lead, resign } from "../store/lease.js";
import type { DirectorySource } from "../store/state.js";
import { Failures } from "./failures.js";
import { Alarm } from "./stopping.js";

/** For how long a process leads unless it says so again, and how often it does. In ms. */
const LEASE_MS = 6_000;
const RENEW_MS = 2_000;

/** What a {@link keepLeading} works with. */
interface LeadershipOptions {
  readonly db: Db;
  readonly logger: Logger;
  /** The process's name among those that may lead. */
  readonly leader: string;
  /** What it follows. */
  readonly source: DirectorySource;
  /** Works while the process leads; has to end soon when its signal is aborted. */
  readonly work: (signal: AbortSignal) => Promise<void>;
}

interface CurrentTerm {
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** Tries to lead until it is stopped: one of all processes with the same database does. */
export async function keepLeading(
  { db, logger, leader, source, work }: LeadershipOptions,
  signal: AbortSignal,
): Promise<void> {
  const failures = new Failures({ db, logger }, "it could not be said who follows Okta");
  const alarm = new Alarm();
  let term: CurrentTerm | undefined;
  let leadsUntil = 0;

  async function endTerm(): Promise<void> {
    term?.controller.abort();
    await term?.ended;
    term = undefined;
  }

  while (!signal.aborted) {
    const asked = performance.now();
    try {
      const leads = await lead(db, leader, source, LEASE_MS);
      leadsUntil = leads ? asked + LEASE_MS : 0;
      failures.succeeded();
    } catch (error) {
      await failures.failed(error);
    }
    if (performance.now() >= leadsUntil) await endTerm();
    else if (!term) {
      logger.info("this process follows Okta from now on");
      const controller = new AbortController();
      term = { controller, ended: work(controller.signal) };
    }
    await alarm.rest(RENEW_MS, signal);
  }
  await endTerm();
  await resign(db, leader).catch((err: unknown) =>
    logger.warn({ err }, "the lease of the directory runs out by itself"),
  );
}
