import assert from "node:assert/strict";
import { asc, sql } from "drizzle-orm";
import { canonicalJson } from "../../../app/audit/record/canonical-json.js";
import type { DecisionRecord } from "../../../app/audit/record/record.js";
import { columnsOf, type StoredDecision } from "../../../app/audit/record/row.js";
import { sealContent } from "../../../app/audit/seal/seal.js";
import { Sealer } from "../../../app/audit/seal/sealer.js";
import { addRecords } from "../../../app/audit/write/insert.js";
import type { Db } from "../../../app/db/database.js";
import { seals } from "../../../app/db/schema.js";
import { run } from "../database/statements.js";
import { silentLogger } from "../telemetry/silent-logger.js";
import { rowsOf, type SampleRecord, sampleRecord } from "./sample-records.js";

/**
 * Adds sample records to the log.
 *
 * @param more - members that all of them have
 */
export async function addSampleRecords(db: Db, count: number, more?: Partial<SampleRecord>): Promise<DecisionRecord[]> {
  const records = Array.from({ length: count }, (_, n) => sampleRecord(n, more));
  for (let n = 0; n < count; n += 1_000) await addRecords(db, rowsOf(records.slice(n, n + 1_000)));
  return records;
}

/** Makes sure that a row is consistent: its record is canonical JSON, and its columns repeat it. Returns the record. */
export function assertConsistent({ seq: _seq, outcome: _outcome, record, ...columns }: StoredDecision): DecisionRecord {
  const parsed = JSON.parse(record) as DecisionRecord;
  assert.equal(canonicalJson(parsed), record);
  const source = parsed.source === "session" ? "guard" : parsed.source;
  assert.deepEqual(columns, { ...columnsOf(parsed), source });
  return parsed;
}

/** Empties the log with its seals and counts, and the contacts that it is about, and the names that they had. */
export function emptyLog(db: Db): Promise<void> {
  return run(
    db,
    "truncate contacts, past_contact_names, decisions, decisions_unsealed, seals, seal_head, decision_counts",
  );
}

/** Seals the log once, as another process would. */
export function sealLog(db: Db, retentionDays?: number): Promise<void> {
  return new Sealer(db, silentLogger, retentionDays).sealAll();
}

/** A record's place in the log. */
export interface Place {
  readonly seq: number;
  readonly id: string;
  /** The number of its seal; 0 when it is not sealed. */
  readonly seal: number;
  /** How findings about it begin. */
  readonly name: string;
}

/**
 * Fills an empty log with 2260 records: 1000, 100, 500, 350 and 250 under five seals, and 60 that are not sealed.
 *
 * @returns their places, in order
 */
export async function makeSampleLog(db: Db): Promise<readonly Place[]> {
  for (const count of [1_100, 500, 350, 250]) {
    await addSampleRecords(db, count);
    await sealLog(db);
  }
  await addSampleRecords(db, 60);
  return placesIn(db);
}

/** All places of a log that was not tampered with. */
async function placesIn(db: Db): Promise<readonly Place[]> {
  const stored = await db.select().from(seals).orderBy(asc(seals.number));
  const sealed = new Map(
    stored.flatMap(({ number, content }) =>
      sealContent.parse(JSON.parse(content)).records.map(([seq]): [number, number] => [seq, number]),
    ),
  );
  const { rows } = (await db.execute(sql`select seq::int, id from decisions order by seq`)) as unknown as {
    rows: { seq: number; id: string }[];
  };
  return rows.map(({ seq, id }) => {
    const seal = sealed.get(seq) ?? 0;
    return { seq, id, seal, name: `Record ${id} (place ${seq}, seal ${seal})` };
  });
}
