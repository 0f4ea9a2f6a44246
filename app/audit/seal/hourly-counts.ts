import { lt, sql } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { decisionCounts, decisions } from "../../db/schema.js";

/**
 * Adds records that have just been sealed to the counts of their hours, without checks. It counts by the columns: a
 * record that is no valid JSON must not stop the sealer.
 *
 * @param seqs - sequence numbers of the records
 */
export async function addToHourlyCounts(tx: Db, seqs: readonly number[]): Promise<void> {
  await tx.execute(sql`
    insert into ${decisionCounts} (hour, kind, action, effect, count)
    select date_trunc('hour', time, 'UTC'), kind, action, effect, count(*)
    from ${decisions} where seq = any(${sql.param(seqs)}::bigint[]) and source <> 'check' group by 1, 2, 3, 4
    on conflict (hour, kind, action, effect) do update set count = ${decisionCounts.count} + excluded.count`);
}

/** Deletes the counts of hours that began before a time. */
export async function deleteHourlyCounts(tx: Db, before: Date): Promise<void> {
  await tx.delete(decisionCounts).where(lt(decisionCounts.hour, before));
}
