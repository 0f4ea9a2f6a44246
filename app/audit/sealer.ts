import { asc, desc, inArray, lt, sql } from "drizzle-orm";
import type { Logger } from "pino";
import type { Db } from "../db/database.js";
import { decisionCounts, decisions, sealHead, seals, unsealedDecisions } from "../db/schema.js";
import { isAsked } from "./asked.js";
import { digestOf, GENESIS, hashOf, type Seal, type SealContent, sealContent, sealOf } from "./seal.js";

/** Most records under one seal. */
const RECORDS_PER_SEAL = 1_000;
/** ms between one look for unsealed records and the next. */
const INTERVAL = 5_000;
/** Most seals that expire at once, so that no transaction takes long. */
const EXPIRING_AT_ONCE = 20;
const DAY = 24 * 60 * 60 * 1000;
/** Any number will do, as long as every process of the app uses the same. */
const SEALING_LOCK = 7_264_002;

/** Seals the log in the background, one process at a time, and deletes what is too old. */
export class Sealer {
  readonly #db: Db;
  readonly #log: Logger;
  readonly #retention: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

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

  /** Seals what is there, and stops. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
    await this.sealAll();
  }

  /** Seals every record that is there now and not sealed yet, and lets go of what is too old. */
  async sealAll(): Promise<void> {
    let last: Seal | undefined;
    // Until there is no more than goes at once: while others write, there may always be some.
    for (let isMore = true; isMore; ) {
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
      const next = tx.select().from(unsealedDecisions).orderBy(asc(unsealedDecisions.seq)).limit(RECORDS_PER_SEAL);
      const records = await tx
        .select({ seq, id, record })
        .from(decisions)
        // Not a join: with statistics that are out of date, PostgreSQL would walk through the whole log for it.
        .where(sql`${seq} = any(array${next})`)
        .orderBy(asc(seq));
      const expiring = await this.#expiring(tx);
      if (records.length === 0 && expiring.length === 0) return undefined;

      const [last] = await tx.select().from(seals).orderBy(desc(seals.number)).limit(1);
      const before = last && sealContent.parse(JSON.parse(last.content));
      const seal = sealOf({
        number: (last?.number ?? 0) + 1,
        previous: last?.hash ?? GENESIS,
        // Never before the last one, whatever another process's clock said: so the oldest are always the first.
        sealedAt: new Date(Math.max(Date.now(), last?.sealedAt.getTime() ?? 0)).toISOString(),
        expired: expiring.at(-1)?.number ?? before?.expired ?? 0,
        records: records.map(({ seq, id, record }) => [seq, id, digestOf(record)]),
      });
      await tx.insert(seals).values(seal);
      const head = { number: seal.number, hash: seal.hash };
      await tx.insert(sealHead).values(head).onConflictDoUpdate({ target: sealHead.only, set: head });
      const seqs = records.map(({ seq }) => seq);
      if (seqs.length > 0) {
        await tx.delete(unsealedDecisions).where(sql`${unsealedDecisions.seq} = any(${sql.param(seqs)}::bigint[])`);
        await count(tx, seqs);
      }
      if (expiring.length > 0) await this.#expire(tx, expiring);
      return { seal, isMore: records.length === RECORDS_PER_SEAL || expiring.length === EXPIRING_AT_ONCE };
    });
  }

  /** What the oldest seals say that are too old. */
  async #expiring(tx: Db): Promise<SealContent[]> {
    if (this.#retention === Number.POSITIVE_INFINITY) return [];
    const limit = new Date(Date.now() - this.#retention);
    const old = await tx
      .select()
      .from(seals)
      .where(lt(seals.sealedAt, limit))
      .orderBy(asc(seals.number))
      .limit(EXPIRING_AT_ONCE);
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

/**
 * Adds sealed records to the counts of their hours, but for what was only asked ahead. By their columns: a record that
 * is none must not stop the seals.
 */
async function count(tx: Db, seqs: readonly number[]): Promise<void> {
  await tx.execute(sql`
    insert into ${decisionCounts} (hour, kind, action, effect, count)
    select date_trunc('hour', time, 'UTC'), kind, action, effect, count(*)
    from ${decisions} where seq = any(${sql.param(seqs)}::bigint[]) and ${isAsked("tried")} group by 1, 2, 3, 4
    on conflict (hour, kind, action, effect) do update set count = ${decisionCounts.count} + excluded.count`);
}
