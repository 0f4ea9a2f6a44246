import { and, asc, getTableName, gt, inArray, lt, not, type SQL, sql } from "drizzle-orm";
import type { Logger } from "pino";
import { type Db, rowsOf } from "../../db/database.js";
import { decisionRetention, decisions, pastContactNames, seals } from "../../db/schema.js";
import { MAX_CLOCK_DIFFERENCE_MS } from "./expiry.js";
import { subtractFromHourlyCounts } from "./hourly-counts.js";
import { hashOf, type Seal, type SealContent, sealContent } from "./seal.js";

/** Most seals that expire at once, so that no transaction takes long. */
export const MAX_EXPIRING_SEALS = 20;

/**
 * The time before which seals may expire, by what the owner of the tables has set: a record may be newer than its seal, as
 * much as clocks may differ, and both must be old enough. Infinite where the owner has set nothing and the role of the
 * app may delete records itself; `undefined` where it may delete none.
 */
export async function ownersLimit(tx: Db): Promise<number | undefined> {
  const [limit] = await rowsOf<{ mayDelete: boolean; oldest: number | null }>(
    tx,
    sql`select has_table_privilege(${getTableName(decisions)}, 'DELETE') as "mayDelete",
      (select extract(epoch from now() - minimum_days * interval '1 day')::float8 * 1000 from ${decisionRetention}) as oldest`,
  );
  if (limit && limit.oldest !== null) return limit.oldest - MAX_CLOCK_DIFFERENCE_MS;
  return limit?.mayDelete ? Number.POSITIVE_INFINITY : undefined;
}

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
 * Deletes the records of seals that expire, their share of the hourly counts, past names of contacts that only they were about,
 * and all seals but the last of them. That one is kept as the witness of when it was made.
 */
export async function deleteExpired(tx: Db, expiring: readonly SealContent[]): Promise<void> {
  const seqs = expiring.flatMap(({ records }) => records.map(([seq]) => seq));
  await subtractFromHourlyCounts(tx, seqs);
  const last = Math.max(...expiring.map(({ number }) => number));
  await tx.execute(sql`select expire_decisions(${last}::bigint, ${sql.param(seqs)}::bigint[])`);
  await erasePastNames(tx, new Date(expiring.at(-1)?.sealedAt ?? 0));
}

/**
 * Erases the names that contacts gave up before a time and that no record is about any more: none of the time of the name,
 * whatever the clocks of the machines differ.
 */
async function erasePastNames(tx: Db, before: Date): Promise<void> {
  const { contactId, until } = pastContactNames;
  const ofItsTime = sql`${decisions.resourceId} = ${contactId}::text
    and ${decisions.time} <= ${until} + ${MAX_CLOCK_DIFFERENCE_MS} * interval '1 millisecond'`;
  const isNamed = (part: SQL) => sql`exists (select from ${decisions} where ${ofItsTime} and ${part})`;
  // By parts, as the indexes are.
  await tx
    .delete(pastContactNames)
    .where(
      and(
        lt(until, before),
        not(isNamed(sql`${decisions.source} <> 'check'`)),
        not(isNamed(sql`${decisions.source} = 'check'`)),
      ),
    );
}
