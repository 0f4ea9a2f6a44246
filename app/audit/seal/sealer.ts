import { asc, count, desc, inArray, lt, min, not, sql } from "drizzle-orm";
import type { Logger } from "pino";
import type { Db } from "../../db/database.js";
import { decisionCounts, decisions, sealHead, seals, unsealedDecisions } from "../../db/schema.js";
import { digestOf } from "../record/digest.js";
import { isCheck } from "../record/source.js";
import { GENESIS, hashOf, type Seal, type SealContent, sealContent, sealOf } from "./seal.js";

/** Most records under one seal. */
const RECORDS_PER_SEAL = 1_000;
/** ms between one look for unsealed records and the next. */
const INTERVAL = 5_000;
/** ms after which the sealer, told to stop, begins no other seal: the next process goes on. */
const LAST_SEALS = 5_000;
/** Most seals that expire at once, so that no transaction takes long. */
const EXPIRING_AT_ONCE = 20;
const DAY = 24 * 60 * 60 * 1000;
/** Any number will do, as long as every process of the app uses the same. */
const SEALING_LOCK = 7_264_002;

/**
 * Whether there is a record at a place that waits for its seal; null when there is none. As a value of its own it is
 * looked up place by place: with statistics that are out of date, PostgreSQL would walk through the whole log for a join.
 */
const hasRecord = sql`(select true from ${decisions} where ${decisions.seq} = ${unsealedDecisions.seq})`;

/** Seals the log in the background, one process at a time, and deletes what is too old. */
export class Sealer {
  readonly #db: Db;
  readonly #log: Logger;
  readonly #retention: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  /** When no other seal is begun, by the clock of `performance`. */
  #end = Number.POSITIVE_INFINITY;

  /** @param retentionDays - how long records are kept, in days; `undefined` for ever */
  constructor(db: Db, log: Logger, retentionDays: number | undefined) {
    this.#db = db;
    this.#log = log;
    this.#retention = (retentionDays ?? Number.POSITIVE_INFINITY) * DAY;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.sealAll()
        .catch((err: unknown) => this.#log.warn({ err }, "the decision log cannot be sealed now"))
        .then(() => (this.#stopped ? undefined : this.start()));
    }, INTERVAL);
    this.#timer.unref();
  }

  /** Seals what is there, as far as 5 s suffice, and stops. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#end = performance.now() + LAST_SEALS;
    clearTimeout(this.#timer);
    await this.#running;
    await this.sealAll();
  }

  /** Seals every record that is there now and not sealed yet, and lets go of what is too old. */
  async sealAll(): Promise<void> {
    let last: Seal | undefined;
    // Until there is no more than goes at once: while others write, there may always be some.
    for (let isMore = true; isMore && performance.now() < this.#end; ) {
      const made = await this.#sealNext();
      last = made?.seal ?? last;
      isMore = made?.isMore ?? false;
    }
    // Whoever keeps this line elsewhere can tell later whether the chain still has this seal.
    if (last) this.#log.info({ seal: last.number, hash: last.hash }, "decision log sealed");
  }

  /** Makes the next seal; `undefined` when there is nothing to do, or another process is at it. */
  #sealNext(): Promise<{ seal: Seal; isMore: boolean } | undefined> {
    return this.#db.transaction(async (tx) => {
      const lock = await tx.execute(sql`select pg_try_advisory_xact_lock(${SEALING_LOCK}) as held`);
      if (!(lock as unknown as { rows: { held: boolean }[] }).rows[0]?.held) return undefined;
      const { seq, id, record } = decisions;
      const next = tx
        .select()
        .from(unsealedDecisions)
        .where(hasRecord)
        .orderBy(asc(unsealedDecisions.seq))
        .limit(RECORDS_PER_SEAL);
      const records = await tx
        .select({ seq, id, record })
        .from(decisions)
        // Not a join, for the same reason.
        .where(sql`${seq} = any(array${next})`)
        .orderBy(asc(seq));
      const expiring = await this.#expiring(tx);
      const isMore = records.length === RECORDS_PER_SEAL || expiring.length === EXPIRING_AT_ONCE;
      // Last of all, so that it is told once, and when few other places are left to look through.
      if (!isMore) await this.#tellOfMissing(tx);
      if (records.length === 0 && expiring.length === 0) return undefined;

      const [last] = await tx.select().from(seals).orderBy(desc(seals.number)).limit(1);
      const seal = sealOf({
        number: (last?.number ?? 0) + 1,
        previous: last?.hash ?? GENESIS,
        // Never before the last one, whatever another process's clock said: so the oldest are always the first.
        sealedAt: new Date(Math.max(Date.now(), last?.sealedAt.getTime() ?? 0)).toISOString(),
        expired: expiring.at(-1)?.number ?? (last ? expiredBy(last) : 0),
        records: records.map(({ seq, id, record }) => [seq, id, digestOf(record)]),
      });
      await tx.insert(seals).values(seal);
      const head = { number: seal.number, hash: seal.hash };
      await tx.insert(sealHead).values(head).onConflictDoUpdate({ target: sealHead.only, set: head });
      const seqs = records.map(({ seq }) => seq);
      if (seqs.length > 0) {
        await tx.delete(unsealedDecisions).where(sql`${unsealedDecisions.seq} = any(${sql.param(seqs)}::bigint[])`);
        await addToCounts(tx, seqs);
      }
      if (expiring.length > 0) await this.#expire(tx, expiring);
      return { seal, isMore };
    });
  }

  /** Whoever removes a record before it is sealed leaves its place behind, which stays there for `audit:verify`. */
  async #tellOfMissing(tx: Db): Promise<void> {
    const { seq } = unsealedDecisions;
    const [missing] = await tx
      .select({ places: count(), first: min(seq) })
      .from(unsealedDecisions)
      .where(sql`${hasRecord} is null`);
    if (missing?.places) this.#log.error(missing, "records were removed before they were sealed: run audit:verify");
  }

  /** What the oldest seals say that are too old. */
  async #expiring(tx: Db): Promise<SealContent[]> {
    if (this.#retention === Number.POSITIVE_INFINITY) return [];
    const limit = new Date(Date.now() - this.#retention);
    const { number, sealedAt } = seals;
    // The first ones are the oldest. To look for old ones would be to walk through all that are not.
    const first = await tx.select({ number, sealedAt }).from(seals).orderBy(asc(number)).limit(EXPIRING_AT_ONCE);
    const young = first.findIndex(({ sealedAt }) => sealedAt >= limit);
    const numbers = first.slice(0, young === -1 ? undefined : young).map(({ number }) => number);
    if (numbers.length === 0) return [];
    const old = await tx.select().from(seals).where(inArray(number, numbers)).orderBy(asc(number));
    const contents = old.map(({ content }) => sealContent.parse(JSON.parse(content)));
    // Only the content is under the hash. Whoever made it look older than it is must not have us remove the traces.
    const isAsSealed = ({ content, hash }: Seal, n: number) =>
      hashOf(content) === hash && new Date(contents[n]?.sealedAt ?? Number.NaN) < limit;
    if (old.every(isAsSealed)) return contents;
    this.#log.error({ seals: old.map(({ number }) => number) }, "seals were changed: nothing is deleted for its age");
    return [];
  }

  async #expire(tx: Db, expiring: readonly SealContent[]): Promise<void> {
    const condition = inArray(
      seals.number,
      expiring.map(({ number }) => number),
    );
    const seqs = expiring.flatMap(({ records }) => records.map(([seq]) => seq));
    await tx.delete(decisions).where(sql`${decisions.seq} = any(${sql.param(seqs)}::bigint[])`);
    await tx.delete(seals).where(condition);
    await tx.delete(decisionCounts).where(lt(decisionCounts.hour, new Date(Date.now() - this.#retention)));
  }
}

/** Number of the last seal that had been deleted for its age. What else a seal says, a thousand digests, is not needed. */
function expiredBy({ content }: Seal): number {
  return sealContent.pick({ expired: true }).parse(JSON.parse(content)).expired;
}

/**
 * Adds sealed records to the counts of their hours, but for what was only asked ahead. By their columns: a record that
 * is none must not stop the seals.
 */
async function addToCounts(tx: Db, seqs: readonly number[]): Promise<void> {
  await tx.execute(sql`
    insert into ${decisionCounts} (hour, kind, action, effect, count)
    select date_trunc('hour', time, 'UTC'), kind, action, effect, count(*)
    from ${decisions} where seq = any(${sql.param(seqs)}::bigint[]) and ${not(isCheck())} group by 1, 2, 3, 4
    on conflict (hour, kind, action, effect) do update set count = ${decisionCounts.count} + excluded.count`);
}
