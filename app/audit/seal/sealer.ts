import { asc, count, desc, min, sql } from "drizzle-orm";
import type { Logger } from "pino";
import { type Db, rowsOf } from "../../db/database.js";
import { lockingTransaction } from "../../db/locking-transaction.js";
import { decisions, sealHead, seals, unsealedDecisions } from "../../db/schema.js";
import { digestOf } from "../record/digest.js";
import { addToHourlyCounts } from "./hourly-counts.js";
import { headText } from "./noted-head.js";
import { deleteExpired, expiringSeals, MAX_EXPIRING_SEALS, ownersLimit } from "./retention.js";
import { expiredBefore, GENESIS_HASH, type Seal, type SealReference, sealOf } from "./seal.js";
import { UnsealedAge } from "./unsealed-age.js";

const MAX_RECORDS_PER_SEAL = 1_000;
/** Time between two runs. */
const INTERVAL_MS = 5_000;
/** Time after which a sealer that stops begins no further seal. The next process goes on. */
const STOP_TIMEOUT_MS = 5_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** The key of PostgreSQL's advisory lock. Any number will do, as long as every process of the app uses the same. */
const ADVISORY_LOCK_KEY = 7_264_002;

/**
 * Whether there is a record for an entry of the queue; null when there is none. As a scalar subquery it is looked up
 * entry by entry: for a join, PostgreSQL with outdated statistics would scan the whole log.
 */
const hasRecord = sql`(select true from ${decisions} where ${decisions.seq} = ${unsealedDecisions.seq})`;

/** Seals the log in the background, one process at a time, and deletes what has exceeded the retention. */
export class Sealer {
  readonly #db: Db;
  readonly #logger: Logger;
  readonly #retentionDays: number | undefined;
  readonly #unsealedAge: UnsealedAge;
  /** Whether it has logged that the role of the app may not delete what has exceeded the retention. */
  #hasWarned = false;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  /** After this time no further seal is begun; in ms, by `performance.now()`. */
  #deadline = Number.POSITIVE_INFINITY;

  /** @param retentionDays - how long records are kept, in days; `undefined` for ever */
  constructor(db: Db, logger: Logger, retentionDays: number | undefined) {
    this.#db = db;
    this.#logger = logger;
    this.#retentionDays = retentionDays;
    this.#unsealedAge = new UnsealedAge(db, logger);
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.sealAll()
        .catch((err: unknown) => this.#logger.warn({ err }, "the decision log cannot be sealed now"))
        // Also when sealing has failed, since that is what makes the age grow.
        .then(() => this.#unsealedAge.check())
        .then(() => (this.#stopped ? undefined : this.start()));
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  /** Seals what is left, beginning no further seal after 5 s, and stops. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#deadline = performance.now() + STOP_TIMEOUT_MS;
    clearTimeout(this.#timer);
    await this.#running;
    await this.sealAll();
  }

  /** Seals every record that is in the log now and not sealed yet, and deletes what has exceeded the retention. */
  async sealAll(): Promise<void> {
    let last: Seal | undefined;
    // It ends at the first seal that is not full: while others write, there may always be a few more records.
    for (let isMore = true; isMore && performance.now() < this.#deadline; ) {
      const made = await this.#sealNext();
      last = made?.seal ?? last;
      isMore = made?.isMore ?? false;
    }
    // An operator who keeps this line elsewhere can tell later whether the chain still has this seal, or should have it.
    if (last) {
      this.#logger.info({ seal: last.number, hash: last.hash, head: headText(last) }, "decision log sealed");
    }
  }

  /** Makes the next seal; `undefined` when there is nothing to do, or another process is sealing. */
  #sealNext(): Promise<{ seal: Seal; isMore: boolean } | undefined> {
    return lockingTransaction(this.#db, async (tx) => {
      if (!(await tryLock(tx))) return undefined;
      const records = await nextRecords(tx);
      const oldest = await this.#oldestKept(tx);
      const last = await lastSeal(tx);
      const expiring = oldest ? await expiringSeals(tx, last.expired, oldest, this.#logger) : [];
      const isMore = records.length === MAX_RECORDS_PER_SEAL || expiring.length === MAX_EXPIRING_SEALS;
      // With the last seal of a run, so that it is logged once, and when few entries are left to look through.
      if (!isMore) await this.#logMissingRecords(tx);
      if (records.length === 0 && expiring.length === 0) return undefined;

      const seal = sealOf({
        number: last.number + 1,
        previous: last.hash,
        // Never before the last one, even if another process's clock was ahead: so the lowest numbers are the oldest.
        sealedAt: new Date(Math.max(Date.now(), last.sealedAt.getTime())).toISOString(),
        expired: expiring.at(-1)?.number ?? last.expired,
        records: records.map(({ seq, id, record }) => [seq, id, digestOf(record)]),
      });
      await tx.insert(seals).values(seal);
      const head = { number: seal.number, hash: seal.hash };
      await tx.insert(sealHead).values(head).onConflictDoUpdate({ target: sealHead.only, set: head });
      const seqs = records.map(({ seq }) => seq);
      if (seqs.length > 0) {
        await tx.delete(unsealedDecisions).where(sql`${unsealedDecisions.seq} = any(${sql.param(seqs)}::bigint[])`);
        await addToHourlyCounts(tx, seqs);
      }
      if (expiring.length > 0) await deleteExpired(tx, expiring);
      return { seal, isMore };
    });
  }

  /** The time from which on seals are kept; `undefined` when all are. */
  async #oldestKept(tx: Db): Promise<Date | undefined> {
    if (this.#retentionDays === undefined) return undefined;
    const limit = await ownersLimit(tx);
    if (limit !== undefined) return new Date(Math.min(Date.now() - this.#retentionDays * DAY_MS, limit));
    if (!this.#hasWarned) {
      const reason = "the owner of the tables has set no retention, and the role of the app may not delete records";
      this.#logger.warn(`no decision is deleted for its age: ${reason}`);
    }
    this.#hasWarned = true;
    return undefined;
  }

  /**
   * A record that was deleted before it was sealed leaves its entry in the queue, which stays there for `audit:verify`.
   */
  async #logMissingRecords(tx: Db): Promise<void> {
    const { seq } = unsealedDecisions;
    const [missing] = await tx
      .select({ places: count(), first: min(seq) })
      .from(unsealedDecisions)
      .where(sql`${hasRecord} is null`);
    if (missing?.places) this.#logger.error(missing, "records were removed before they were sealed: run audit:verify");
  }
}

/** Takes the lock that lets one process seal at a time, until the transaction ends. Returns whether it was free. */
async function tryLock(tx: Db): Promise<boolean> {
  const [lock] = await rowsOf<{ locked: boolean }>(
    tx,
    sql`select pg_try_advisory_xact_lock(${ADVISORY_LOCK_KEY}) as locked`,
  );
  return lock?.locked === true;
}

/**
 * The last seal, and the number of the last one that has expired. Before the first seal, what that follows from.
 *
 * @throws Error when the last seal was made unreadable
 */
async function lastSeal(tx: Db): Promise<SealReference & { readonly sealedAt: Date; readonly expired: number }> {
  const [last] = await tx.select().from(seals).orderBy(desc(seals.number)).limit(1);
  if (!last) return { number: 0, hash: GENESIS_HASH, sealedAt: new Date(0), expired: 0 };
  const expired = expiredBefore(last);
  if (expired === undefined) throw new Error(`seal ${last.number} cannot be read: run audit:verify`);
  return { ...last, expired };
}

/** The records for the next seal, in the order of the log. */
function nextRecords(tx: Db) {
  const { seq, id, record } = decisions;
  const next = tx
    .select()
    .from(unsealedDecisions)
    .where(hasRecord)
    .orderBy(asc(unsealedDecisions.seq))
    .limit(MAX_RECORDS_PER_SEAL);
  return (
    tx
      .select({ seq, id, record })
      .from(decisions)
      // Not a join, for the reason given at `hasRecord`.
      .where(sql`${seq} = any(array${next})`)
      .orderBy(asc(seq))
  );
}
