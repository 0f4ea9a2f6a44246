import { asc, eq } from "drizzle-orm";
import { digestOf } from "../../../app/audit/record/digest.js";
import { type SealContent, sealContent, sealOf } from "../../../app/audit/seal/seal.js";
import type { Db } from "../../../app/db/database.js";
import { decisions, seals } from "../../../app/db/schema.js";
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

/** Computes the chain anew from a seal on, after the one before it was forged, and the note of the last seal. */
export async function reseal(tx: Db, from: number): Promise<void> {
  const last = (await sealHashes(tx)).length;
  for (let number = from; number <= last; number++) {
    const previous = (await sealHashes(tx))[number - 2] ?? "";
    await forgeSeal(tx, number, (content) => ({ ...content, previous }));
  }
  await run(tx, `update seal_head set hash = (select hash from seals where number = ${last})`);
}

/** The hashes of all seals, in order. */
export async function sealHashes(tx: Db): Promise<readonly string[]> {
  return (await tx.select({ hash: seals.hash }).from(seals).orderBy(asc(seals.number))).map(({ hash }) => hash);
}
