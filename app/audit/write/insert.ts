import { type GetColumnData, inArray, is, SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import { type Db, rowsOf } from "../../db/database.js";
import { decisions, unsealedDecisions } from "../../db/schema.js";
import type { DecisionRow } from "../record/row.js";

/** Columns of a table, and what is selected besides under a name, by the names that their values have in a row. */
export type Columns = Readonly<Record<string, AnyPgColumn | SQL.Aliased>>;
/** A row with some columns. */
export type RowOf<Shown extends Columns> = { [Key in keyof Shown]: ValueOf<Shown[Key]> };
type ValueOf<Column> =
  Column extends SQL.Aliased<infer Value> ? Value : Column extends AnyPgColumn ? GetColumnData<Column> : never;

/** The columns that are written, by their names in the database, and their types. */
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

/**
 * A row by the names of its columns. Rows are sent to the database as one JSON text, because an array for each column
 * takes the driver three times as long.
 */
function valuesOf(row: DecisionRow): Readonly<Record<keyof typeof columns, unknown>> {
  const { id, time, principalId, kind, resourceId, action, effect, record } = row;
  return { id, time, principal_id: principalId, kind, resource_id: resourceId, action, effect, record };
}

/**
 * Adds records to the log, and to the queue for the next seal. A record whose id is in the log already is left out: a
 * batch may be sent again when the answer to it was lost.
 *
 * @returns how many were added
 */
export async function addRecords(db: Db, rows: readonly DecisionRow[]): Promise<number> {
  const values = JSON.stringify(rows.map(valuesOf));
  const [counted] = await rowsOf<{ added: number }>(
    db,
    sql`
    with recorded as (
      insert into ${decisions} (${names})
      select * from json_to_recordset(${values}::json) as rows(${typed})
      on conflict (id) do nothing
      returning seq
    ), queued as (insert into ${unsealedDecisions} select seq from recorded)
    select count(*)::int as added from recorded`,
  );
  return counted?.added ?? 0;
}

/**
 * Makes a change and inserts its record in one statement: when the change affects no row there is no record, and when
 * the record cannot be inserted nothing is changed.
 *
 * @param shown - columns of the table that is changed
 * @param change - a statement that changes one row of it, and returns these columns
 * @returns the row; `undefined` when nothing was changed
 * @see https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING
 */
export async function changeWithRecord<Shown extends Columns>(
  db: Db,
  shown: Shown,
  change: SQLWrapper,
  row: DecisionRow,
): Promise<RowOf<Shown> | undefined> {
  const values = Object.entries(valuesOf(row)).map(
    ([name, value]) => sql`${value}::${sql.raw(columns[name as keyof typeof columns])}`,
  );
  // Not by drizzle's with(), which builds this in more time than PostgreSQL needs for it.
  const [changed] = await rowsOf<Record<string, unknown>>(
    db,
    sql`
    with changed as (${change.getSQL()}), recorded as (
      insert into ${decisions} (${names}) select ${sql.join(values, sql`, `)} from changed
      returning seq
    ), queued as (insert into ${unsealedDecisions} select seq from recorded)
    select * from changed`,
  );
  return changed && rowIn(shown, changed);
}

/** A row, of values by the names of its columns, as the driver gives them. */
function rowIn<Shown extends Columns>(shown: Shown, values: Readonly<Record<string, unknown>>) {
  const mapped = Object.entries(shown).map(([key, column]) => {
    if (is(column, SQL.Aliased)) return [key, values[column.fieldAlias]];
    const value = values[column.name];
    return [key, value === null ? null : column.mapFromDriverValue(value)];
  });
  return Object.fromEntries(mapped) as RowOf<Shown>;
}

/** The texts of the records that the log has under some ids, by id. */
export async function recordsById(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .select({ id: decisions.id, record: decisions.record })
    .from(decisions)
    .where(inArray(decisions.id, [...ids]));
  return new Map(rows.map(({ id, record }) => [id, record]));
}
