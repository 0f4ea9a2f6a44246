import { asc, eq, inArray, lt } from "drizzle-orm";
import { digestOf } from "../../../app/audit/record/digest.js";
import { type SealContent, sealContent, sealOf } from "../../../app/audit/seal/seal.js";
import type { Db } from "../../../app/db/database.js";
import { decisions, sealHead, seals } from "../../../app/db/schema.js";
import { run } from "../database/statements.js";
import type { Place } from "./sample-log.js";

/** Swaps two rows, all but their sequence numbers; or just one of their columns. */
export async function swapRows(tx: Db, one: number, other: number, column?: string): Promise<void> {
  const both = `${one}, ${other}`;
  if (column) {
    await run(
      tx,
      `update decisions d set ${column} = (select ${column} from decisions o where o.seq = ${one + other} - d.seq)
       where seq in (${both})`,
    );
    return;
  }
  const columns = "id, time, principal_id, kind, resource_id, action, effect, record";
  await run(tx, `create temporary table swapped on commit drop as select * from decisions where seq in (${both})`);
  await run(tx, `delete from decisions where seq in (${both})`);
  await run(
    tx,
    `insert into decisions (seq, ${columns}) overriding system value
     select ${one + other} - seq, ${columns} from swapped`,
  );
}

/**
 * Forges a seal, with its hash.
 *
 * @param change - makes its new content
 * @param more.at - a record to forge as well, with its digest in the seal
 * @param more.keepHash - leaves the record and the seal's hash as they were
 */
export async function forgeSeal(
  tx: Db,
  number: number,
  change: (content: SealContent) => SealContent,
  { at, keepHash = false }: { at?: Place; keepHash?: boolean } = {},
): Promise<void> {
  const [stored] = await tx.select().from(seals).where(eq(seals.number, number));
  let content = change(sealContent.parse(JSON.parse(stored?.content ?? "")));
  if (at) {
    const digest = digestOf(await forgeRecord(tx, at, keepHash));
    content = {
      ...content,
      records: content.records.map(([seq, id, old]) => [seq, id, seq === at.seq ? digest : old]),
    };
  }
  const { content: text, hash } = sealOf(content);
  await tx
    .update(seals)
    .set({ content: text, ...(!keepHash && { hash }) })
    .where(eq(seals.number, number));
}

/**
 * Makes a record say that another principal did it, its column as well.
 *
 * @param isDryRun - leaves it as it is
 * @returns the forged text
 */
async function forgeRecord(tx: Db, { seq }: Place, isDryRun: boolean): Promise<string> {
  const [row] = await tx.select().from(decisions).where(eq(decisions.seq, seq));
  const record = (row?.record ?? "").replace(`"id":"${row?.principalId}"`, '"id":"mallory"');
  if (!isDryRun) await tx.update(decisions).set({ record, principalId: "mallory" }).where(eq(decisions.seq, seq));
  return record;
}

/**
 * Computes the chain anew from a seal on, after the one before it was forged, and the note of the last seal.
 *
 * @param first - number of the first seal that is there; default 1
 */
export async function reseal(tx: Db, from: number, first = 1): Promise<void> {
  const last = first - 1 + (await sealHashes(tx)).length;
  for (let number = from; number <= last; number++) {
    const previous = (await sealHashes(tx))[number - 1 - first] ?? "";
    await forgeSeal(tx, number, (content) => ({ ...content, previous }));
  }
  await run(tx, `update seal_head set hash = (select hash from seals where number = ${last})`);
}

/** The hashes of all seals, in order. */
export async function sealHashes(tx: Db): Promise<readonly string[]> {
  return (await tx.select({ hash: seals.hash }).from(seals).orderBy(asc(seals.number))).map(({ hash }) => hash);
}

/** Makes the hourly counts what they would be, had there never been other records. */
export async function forgeCounts(tx: Db): Promise<void> {
  await run(tx, "delete from decision_counts");
  await run(
    tx,
    `insert into decision_counts select date_trunc('hour', time, 'UTC'), kind, action, effect, count(*) from decisions
     where source <> 'check' and seq not in (select seq from decisions_unsealed) group by 1, 2, 3, 4`,
  );
}

/**
 * Makes it look as if seals had expired: adds a seal that says so, and deletes the records of the others.
 *
 * @param expired - number of the last seal that is said to have expired
 * @param more.sealedAt - the time of the new seal; default now
 * @param more.keep - the first seal that is not deleted; default the new one
 */
export async function forgeExpiry(
  tx: Db,
  expired: number,
  { sealedAt = new Date(), keep = Number.MAX_SAFE_INTEGER }: { sealedAt?: Date; keep?: number } = {},
): Promise<void> {
  const stored = await tx.select().from(seals).orderBy(asc(seals.number));
  const contents = stored.map(({ content }) => sealContent.parse(JSON.parse(content)));
  const { number = 0, hash = "" } = stored.at(-1) ?? {};
  const seal = sealOf({ number: number + 1, previous: hash, sealedAt: sealedAt.toISOString(), expired, records: [] });
  const seqs = contents.filter((each) => each.number <= expired).flatMap(({ records }) => records.map(([seq]) => seq));
  await tx.delete(decisions).where(inArray(decisions.seq, seqs));
  await tx.delete(seals).where(lt(seals.number, keep));
  await tx.insert(seals).values(seal);
  await tx.update(sealHead).set({ number: seal.number, hash: seal.hash });
  await forgeCounts(tx);
}
