import { type SQL, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { decisionCounts, decisions } from "../../db/schema.js";
import type { Findings } from "./findings.js";

const MAX_RECORDS_PER_QUERY = 2_000;

/** A count of an hour, with the hour in ms since 1970. */
interface HourlyCount {
  readonly hour: number;
  readonly kind: string;
  readonly action: string;
  readonly effect: string;
  readonly count: number;
}

/**
 * How many of some records there are, hour by hour, without checks. It counts by the columns: a record that is no valid
 * JSON must not stop the sealer.
 */
function countsOf(seqs: readonly number[]): SQL {
  return sql`select date_trunc('hour', time, 'UTC') as hour, kind, action, effect, count(*) as count
    from ${decisions} where seq = any(${sql.param(seqs)}::bigint[]) and source <> 'check' and kind is not null
    group by 1, 2, 3, 4`;
}

/** Adds records that have just been sealed to the counts of their hours. */
export async function addToHourlyCounts(tx: Db, seqs: readonly number[]): Promise<void> {
  await tx.execute(sql`
    insert into ${decisionCounts} (hour, kind, action, effect, count) ${countsOf(seqs)}
    on conflict (hour, kind, action, effect) do update set count = ${decisionCounts.count} + excluded.count`);
}

/** Subtracts records that are about to be deleted from the counts of their hours. */
export async function subtractFromHourlyCounts(tx: Db, seqs: readonly number[]): Promise<void> {
  await tx.execute(sql`
    update ${decisionCounts} as c set count = c.count - e.count from (${countsOf(seqs)}) e
    where (c.hour, c.kind, c.action, c.effect) = (e.hour, e.kind, e.action, e.effect)`);
  await tx.execute(sql`delete from ${decisionCounts} where count <= 0`);
}

/** Counts the sealed records anew, to compare that with the counts that are stored. */
export class HourlyRecount {
  readonly #tx: Db;
  readonly #counts = new Map<string, number>();
  #seqs: number[] = [];

  constructor(tx: Db) {
    this.#tx = tx;
  }

  /** Counts sealed records. */
  async add(seqs: readonly number[]): Promise<void> {
    this.#seqs.push(...seqs);
    if (this.#seqs.length >= MAX_RECORDS_PER_QUERY) await this.#count();
  }

  /** Adds a finding for each stored count that is another than that of the records. */
  async compare(findings: Findings): Promise<void> {
    await this.#count();
    for (const row of await this.#read(sql`select * from ${decisionCounts} order by hour, kind, action, effect`)) {
      this.#compare(row, row.count, findings);
    }
    for (const [key] of this.#counts) this.#compare(JSON.parse(key) as HourlyCount, 0, findings);
  }

  #compare(row: Omit<HourlyCount, "count">, stored: number, findings: Findings): void {
    const key = keyOf(row);
    const counted = this.#counts.get(key) ?? 0;
    this.#counts.delete(key);
    if (counted === stored) return;
    const { kind, action, effect } = row;
    const what = `${effect} for ${action} on ${kind} in the hour of ${new Date(row.hour).toISOString()}`;
    findings.add("count changed", `The count of ${what} is ${stored}, and the log has ${counted}.`);
  }

  async #count(): Promise<void> {
    const seqs = this.#seqs;
    this.#seqs = [];
    for (const row of await this.#read(countsOf(seqs))) {
      const key = keyOf(row);
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + row.count);
    }
  }

  /** Numbers as drivers give them alike, which differ in what they make of times. */
  #read(counts: SQL): Promise<HourlyCount[]> {
    return rowsOf(
      this.#tx,
      sql`select extract(epoch from hour)::float8 * 1000 as hour, kind, action, effect, count::float8 as count
        from (${counts}) c`,
    );
  }
}

function keyOf({ hour, kind, action, effect }: Omit<HourlyCount, "count">): string {
  return JSON.stringify({ hour, kind, action, effect });
}
