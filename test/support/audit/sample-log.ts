import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { asc, sql } from "drizzle-orm";
import { pino } from "pino";
import { canonicalJson } from "../../../app/audit/record/canonical-json.js";
import type { DecisionRecord } from "../../../app/audit/record/record.js";
import { columnsOf, type DecisionRow, rowOf } from "../../../app/audit/record/row.js";
import { sealContent } from "../../../app/audit/seal/seal.js";
import { Sealer } from "../../../app/audit/seal/sealer.js";
import { addRecords } from "../../../app/audit/write/insert.js";
import type { Db } from "../../../app/db/database.js";
import { type decisions, seals } from "../../../app/db/schema.js";

/** A log that goes nowhere. */
export const silent = pino({ level: "silent" });

/** When the first record of a specimen was made. */
export const START = Date.parse("2026-03-01T10:00:00.000Z");

/** A record as the app writes them. */
export function recordOf(n: number, more: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id: randomUUID(),
    time: new Date(START + n * 5_000).toISOString(),
    requestId: randomUUID(),
    traceId: null,
    method: "GET",
    route: "/contacts/:id",
    principal: { id: `u${n % 50}`, roles: ["user"] },
    resource: { kind: "contact", id: `c${n % 200}` },
    action: n % 3 ? "read" : "update",
    effect: n % 10 ? "allow" : "deny",
    policy: "resource.contact.vdefault",
    policyVersion: "default",
    scope: "",
    rules: ["users-see-what-is-everyones"],
    derivedRoles: [],
    plan: null,
    source: "authorize",
    duration: 1.2,
    error: null,
    change: null,
    explanation: null,
    ...more,
  };
}

/** Adds so many records, and returns them. */
export async function addSome(db: Db, count: number, more?: Partial<DecisionRecord>): Promise<DecisionRecord[]> {
  const records = Array.from({ length: count }, (_, n) => recordOf(n, more));
  for (let n = 0; n < count; n += 1_000) await addRecords(db, rowsOf(records.slice(n, n + 1_000)));
  return records;
}

/** Makes sure that a row is what it must be: canonical JSON, repeated by its columns. Returns the record. */
export function assertSound({ seq: _, record, ...columns }: typeof decisions.$inferSelect): DecisionRecord {
  const said = JSON.parse(record) as DecisionRecord;
  assert.equal(canonicalJson(said), record);
  assert.deepEqual(columns, columnsOf(said));
  return said;
}

/** The rows of records. */
export function rowsOf(records: readonly DecisionRecord[]): DecisionRow[] {
  return records.map(rowOf);
}

/** Empties the log, seals and counts included, and with it what the log is of. */
export function emptyLog(db: Db): Promise<void> {
  return run(db, "truncate contacts, decisions, decisions_unsealed, seals, seal_head, decision_counts");
}

/** Seals once, as a process of its own would. */
export function sealAll(db: Db, retentionDays?: number): Promise<void> {
  return new Sealer(db, silent, retentionDays).sealAll();
}

/** A record's place in the log. */
export interface Place {
  readonly seq: number;
  readonly id: string;
  /** `0` when it is under none. */
  readonly seal: number;
  /** Beginning of every finding about it. */
  readonly name: string;
}

/**
 * Fills an empty log with 2260 records: 1000, 100, 500, 350 and 250 under five seals, and 60 under none.
 *
 * @returns their places, in order
 */
export async function makeSpecimen(db: Db): Promise<readonly Place[]> {
  for (const count of [1_100, 500, 350, 250]) {
    await addSome(db, count);
    await sealAll(db);
  }
  await addSome(db, 60);
  return placesIn(db);
}

/** All places of a log that nobody has touched. */
export async function placesIn(db: Db): Promise<readonly Place[]> {
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

/** Runs a statement of somebody who has got at the database. */
export async function run(db: Db, statement: string): Promise<void> {
  await db.execute(sql.raw(statement));
}

/** Whether a query on another connection waits for a lock. */
export async function isWaiting(db: Db): Promise<boolean> {
  const { rows } = (await db.execute(
    sql`select 1 from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database()`,
  )) as unknown as { rows: unknown[] };
  return rows.length > 0;
}

/** Does something to the database, looks at what came of it, and undoes it. */
export async function undone<T>(db: Db, act: (tx: Db) => Promise<T>): Promise<T> {
  let result: { readonly value: T } | undefined;
  await db
    .transaction(async (tx) => {
      result = { value: await act(tx) };
      tx.rollback();
    })
    .catch((error: unknown) => {
      if (!result) throw error;
    });
  return (result as { readonly value: T }).value;
}
