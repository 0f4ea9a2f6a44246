import { asc, inArray, sql } from "drizzle-orm";
import type { Logger } from "pino";
import type { Db } from "../../db/database.js";
import { decisions, seals } from "../../db/schema.js";
import { deleteHourlyCounts } from "./hourly-counts.js";
import { hashOf, type Seal, type SealContent, sealContent } from "./seal.js";

/** Most seals that expire at once, so that no transaction takes long. */
export const MAX_EXPIRING_SEALS = 20;

/**
 * The contents of the oldest seals, as far as they were made before a time; {@link MAX_EXPIRING_SEALS} at most. Empty
 * when one of them was changed: then nothing is deleted.
 */
export async function expiringSeals(tx: Db, before: Date, logger: Logger): Promise<readonly SealContent[]> {
  const { number, sealedAt } = seals;
  // The lowest numbers are the oldest. A condition on the time would make PostgreSQL read all the seals that are newer.
  const first = await tx.select({ number, sealedAt }).from(seals).orderBy(asc(number)).limit(MAX_EXPIRING_SEALS);
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

/** Deletes seals with their records, and the counts of the hours before a time. */
export async function deleteExpired(tx: Db, expiring: readonly SealContent[], before: Date): Promise<void> {
  const numbers = expiring.map(({ number }) => number);
  const seqs = expiring.flatMap(({ records }) => records.map(([seq]) => seq));
  await tx.delete(decisions).where(sql`${decisions.seq} = any(${sql.param(seqs)}::bigint[])`);
  await tx.delete(seals).where(inArray(seals.number, numbers));
  await deleteHourlyCounts(tx, before);
}
