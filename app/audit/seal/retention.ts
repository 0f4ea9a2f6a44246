import { asc, gt, inArray, lt, sql } from "drizzle-orm";
import type { Logger } from "pino";
import type { Db } from "../../db/database.js";
import { decisions, seals } from "../../db/schema.js";
import { subtractFromHourlyCounts } from "./hourly-counts.js";
import { hashOf, type Seal, type SealContent, sealContent } from "./seal.js";

/** Most seals that expire at once, so that no transaction takes long. */
export const MAX_EXPIRING_SEALS = 20;

/**
 * The contents of the oldest seals that have not expired yet, as far as they were made before a time;
 * {@link MAX_EXPIRING_SEALS} at most. Empty when one of them was changed: then nothing is deleted.
 *
 * @param expired - number of the last seal that has expired
 */
export async function expiringSeals(
  tx: Db,
  expired: number,
  before: Date,
  logger: Logger,
): Promise<readonly SealContent[]> {
  const { number, sealedAt } = seals;
  // The lowest numbers are the oldest. A condition on the time would make PostgreSQL read all the seals that are newer.
  const first = await tx
    .select({ number, sealedAt })
    .from(seals)
    .where(gt(number, expired))
    .orderBy(asc(number))
    .limit(MAX_EXPIRING_SEALS);
  const newer = first.findIndex(({ sealedAt }) => sealedAt >= before);
  const numbers = first.slice(0, newer === -1 ? undefined : newer).map(({ number }) => number);
  if (numbers.length === 0) return [];
  const old = await tx.select().from(seals).where(inArray(number, numbers)).orderBy(asc(number));
  const contents = old.map(({ content }) => sealContent.parse(JSON.parse(content)));
  // The hash covers the content alone. A column that was set back must not lead to the deletion of evidence.
  const isAsSealed = ({ content, hash }: Seal, n: number) =>
    hashOf(content) === hash && new Date(contents[n]?.sealedAt ?? Number.NaN) < before;
  if (old.every(isAsSealed)) return contents;
  logger.error({ seals: old.map(({ number }) => number) }, "seals were changed: nothing is deleted for its age");
  return [];
}

/**
 * Deletes the records of seals that expire, their share of the hourly counts, and all seals but the last of them. That one
 * is kept as the witness of when it was made.
 */
export async function deleteExpired(tx: Db, expiring: readonly SealContent[]): Promise<void> {
  const seqs = expiring.flatMap(({ records }) => records.map(([seq]) => seq));
  await subtractFromHourlyCounts(tx, seqs);
  await tx.delete(decisions).where(sql`${decisions.seq} = any(${sql.param(seqs)}::bigint[])`);
  await tx.delete(seals).where(lt(seals.number, Math.max(...expiring.map(({ number }) => number))));
}
