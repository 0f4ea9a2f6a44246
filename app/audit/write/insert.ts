import { inArray, type SQLWrapper, sql } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { decisions, unsealedDecisions } from "../../db/schema.js";
import type { DecisionRow } from "../record/row.js";

/** The columns that are written, as they are called in the database, and their types. */
const columns = {
  id: "text",
  time: "timestamptz",
  principal_id: "text",
  kind: "text",
  resource_id: "text",
  action: "text",
  effect: "text",
  record: "text",
} as const;
const names = sql.raw(Object.keys(columns).join(", "));
const typed = sql.raw(
  Object.entries(columns)
    .map((column) => column.join(" "))
    .join(", "),
);

/** A row as the database is given it: in one JSON text, as an array for each column takes the driver thrice the time. */
function valuesOf(row: DecisionRow): Readonly<Record<keyof typeof columns, unknown>> {
  const { id, time, principalId, kind, resourceId, action, effect, record } = row;
  return { id, time, principal_id: principalId, kind, resource_id: resourceId, action, effect, record };
}

/**
 * Adds records to the log. Those that it has already, by their ids, are left as they are: a batch whose fate was not
 * known may come again.
 *
 * @returns how many were added
 */
export async function addRecords(db: Db, rows: readonly DecisionRow[]): Promise<number> {
  const values = JSON.stringify(rows.map(valuesOf));
  const { rows: counted } = (await db.execute(sql`
    with recorded as (
      insert into ${decisions} (${names})
      select * from json_to_recordset(${values}::json) as rows(${typed})
      on conflict (id) do nothing
      returning seq
    ), queued as (insert into ${unsealedDecisions} select seq from recorded)
    select count(*)::int as added from recorded`)) as unknown as { rows: [{ added: number }] };
  return counted[0].added;
}

/**
 * Makes a change, and writes its record down in the same statement: where nothing is changed there is no record, and
 * where there is no record nothing is changed.
 *
 * @param change - a statement that changes rows and returns them
 * @returns what it returned, as the driver gives it
 * @see https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING
 */
export async function recordingChange(
  db: Db,
  change: SQLWrapper,
  row: DecisionRow,
): Promise<Record<string, unknown>[]> {
  const { rows } = (await db.execute(sql`
    with changed as ${change},
    recorded as (
      insert into decisions (${names}) select row.* from changed, json_to_record(${JSON.stringify(valuesOf(row))}::json) as row(${typed})
      returning seq
    ),
    queued as (insert into decisions_unsealed select seq from recorded)
    select * from changed`)) as unknown as { rows: Record<string, unknown>[] };
  return rows;
}

/** The records that the log has under some ids. */
export async function storedAs(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .select({ id: decisions.id, record: decisions.record })
    .from(decisions)
    .where(inArray(decisions.id, [...ids]));
  return new Map(rows.map(({ id, record }) => [id, record]));
}
