import { hasMember, member } from "./cel/selection.js";
import type {
  ArrayColumn,
  Column,
  Columns,
  JsonColumn,
  Nulls,
  RelatedRow,
  RelatedRows,
  ScalarColumn,
  TimestampColumn,
} from "./columns.js";
import { quoted, quotedTable } from "./identifiers.js";
import { NotExpressible } from "./not-expressible.js";
import type { Statement } from "./statement.js";
import { DYNAMIC, STORED } from "./value/facts.js";
import { failureAt, type SelectedRow, selected } from "./value/selected.js";
import type { List, Scalar, Struct, Value } from "./value/types.js";
import { certain, failureOf, fallible } from "./value/value.js";

/** What NULL in a column means for the expression that reads it. */
const meanings: Readonly<Record<Nulls, Scalar["nulls"]>> = { missing: "fails", null: "null", never: "never" };

/**
 * An attribute where it is stored.
 *
 * @param table - the table or its alias, in quotes
 * @param path - names on the way to the attribute
 * @throws NotExpressible when the mapping does not know it
 */
export function storedAttribute(statement: Statement, columns: Columns, table: string, path: readonly string[]): Value {
  const [column, rest] = mapped(columns, path);
  return rest.reduce((of, part) => member(statement, of, part), stored(statement, column, table));
}

/** `has()` of an attribute: see {@link storedAttribute}. */
export function hasStored(statement: Statement, columns: Columns, table: string, path: readonly string[]): Scalar {
  const [column, rest] = mapped(columns, path);
  const name = rest.at(-1);
  if (name !== undefined)
    return hasMember(statement, storedAttribute(statement, columns, table, path.slice(0, -1)), name);
  const failure = failureOf(stored(statement, column, table));
  return certain("boolean", failure ? `(NOT ${failure})` : "TRUE");
}

/** The column that the beginning of a path is mapped to, and the rest of the path. */
function mapped(columns: Columns, path: readonly string[]): [Column, rest: readonly string[]] {
  for (let length = path.length; length > 0; length--) {
    const name = path.slice(0, length).join(".");
    // A part of a name is nothing that a mapping could know.
    if (path.slice(0, length).some((part) => part.includes(".")) || !Object.hasOwn(columns, name)) continue;
    return [columns[name] as Column, path.slice(length)];
  }
  throw new NotExpressible("the mapping does not say how it is stored.", ["R.attr", ...path].join("."));
}

/** What a column holds. */
export function stored(statement: Statement, column: Column, table: string): Value {
  switch (column.type) {
    case "rows":
      return storedRows(statement, column, table);
    case "timestamp":
      return storedTimestamp(column, table);
    case "row":
      return storedRow(statement, column, table);
    case "json":
      return storedJson(statement, column, table);
    case "strings":
    case "numbers":
    case "booleans":
      return storedArray(statement, column, table);
    default:
      return storedScalar(column, table);
  }
}

function storedScalar({ type, column, nulls = "missing" }: ScalarColumn, table: string): Scalar {
  const sql = `${table}.${quoted(column)}`;
  const common = { nulls: meanings[nulls], facts: DYNAMIC } as const;
  switch (type) {
    case "string":
      return { ...common, kind: "string", sql: `${sql}::text` };
    case "number":
      return { ...common, facts: STORED, kind: "double", sql: `${sql}::float8` };
    case "boolean":
      return { ...common, kind: "boolean", sql };
  }
}

/** The formats of PostgreSQL for the digits of a second's fraction, which cut off what is beyond. */
const FRACTIONS = { 0: "", 3: ".MS", 6: ".US" } as const;

function storedTimestamp(timestamp: TimestampColumn, table: string): Scalar {
  const { column, nulls = "missing", fractionalSecondDigits: digits = 3 } = timestamp;
  const sql = `${table}.${quoted(column)}`;
  const nanoseconds = `floor(extract(epoch FROM ${sql}) * 1${"0".repeat(digits)}) * 1${"0".repeat(9 - digits)}`;
  return {
    kind: "string",
    sql: `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS${FRACTIONS[digits]}"Z"')`,
    nulls: meanings[nulls],
    facts: DYNAMIC,
    // CEL's timestamps are of the years 1 to 9999.
    instant: `CASE WHEN ${sql} >= '0001-01-01Z' AND ${sql} < '10000-01-01Z' THEN ${nanoseconds} END`,
  };
}

const arrayTypes = {
  strings: { kind: "string", type: "text" },
  numbers: { kind: "double", type: "float8" },
  booleans: { kind: "boolean", type: "boolean" },
} as const;

function storedArray(statement: Statement, { type, column, nulls = "missing" }: ArrayColumn, table: string): Value {
  const { kind, type: elementType } = arrayTypes[type];
  const facts = kind === "double" ? STORED : DYNAMIC;
  const sql = `${table}.${quoted(column)}::${elementType}[]`;
  if (nulls === "null") {
    const unsigned = kind === "double" ? (["unsigned"] as const) : [];
    const json = certain("json", `coalesce(to_jsonb(${sql}), 'null'::jsonb)`);
    return { ...json, facts: new Set([...facts, ...unsigned]) };
  }
  const name = statement.alias();
  const list: List = {
    kind: "list",
    from: `unnest(${sql}) WITH ORDINALITY AS ${name}(v, i)`,
    where: "TRUE",
    order: `${name}.i`,
    place: `(${name}.i - 1)`,
    element: { kind, sql: `${name}.v`, nulls: "null", facts },
    fails: nulls === "never" ? undefined : `(${sql}) IS NULL`,
  };
  return nulls === "never" ? { ...list, array: { sql, type: elementType } } : list;
}

function storedJson(statement: Statement, { column, path = [], nulls = "missing" }: JsonColumn, table: string): Scalar {
  const whole = `${table}.${quoted(column)}::jsonb`;
  if (path.length > 0) {
    const sql = path.reduce((of, name) => `(${of} -> ${statement.parameter(name, "text")})`, whole);
    return { ...fallible("json", sql), facts: STORED };
  }
  if (nulls === "null") return { ...certain("json", `coalesce(${whole}, 'null'::jsonb)`), facts: STORED };
  return { kind: "json", sql: whole, nulls: meanings[nulls], facts: STORED };
}

/** The row that this one refers to, in whose place its values are selected. */
function storedRow(statement: Statement, related: RelatedRow, table: string): Value {
  const name = statement.alias();
  const from = `${quotedTable(related.table)} AS ${name}`;
  const where = `${name}.${quoted(related.key)} = ${table}.${quoted(related.references)}`;
  const row: SelectedRow = {
    at: (sql) => `(SELECT ${sql} FROM ${from} WHERE ${where})`,
    list: ({ array: _, ...list }) => ({
      ...list,
      from: `${from}, ${list.from}`,
      where: `${where} AND ${list.where}`,
      fails: failureAt(row, list.fails),
    }),
    isCertain: related.nulls === "never",
  };
  return selected(statement, structOf(statement, related.members, name), row);
}

function storedRows(statement: Statement, rows: RelatedRows, table: string): List {
  const name = statement.alias();
  const { element, members = {}, orderBy, nulls } = rows;
  const isMine = (row: string) =>
    `${row}.${quoted(rows.key)} = ${table}.${quoted(rows.references)}${presence(element, row)}`;
  const list: List = {
    kind: "list",
    from: `${quotedTable(rows.table)} AS ${name}`,
    where: isMine(name),
    order: orderBy === undefined ? undefined : `${name}.${quoted(orderBy)}`,
    element: element ? storedElement(statement, element, name) : structOf(statement, members, name),
    fails: nulls === "never" ? undefined : `(${table}.${quoted(rows.references)} IS NULL)`,
  };
  if (orderBy === undefined) return list;
  const earlier = statement.alias();
  const isEarlier = `${earlier}.${quoted(orderBy)} < ${name}.${quoted(orderBy)}`;
  const from = `${quotedTable(rows.table)} AS ${earlier}`;
  return { ...list, place: `(SELECT count(*) FROM ${from} WHERE ${isMine(earlier)} AND ${isEarlier})` };
}

/** What is missing is no element. */
function presence(element: RelatedRows["element"], row: string): string {
  return element && (element.nulls ?? "missing") === "missing"
    ? ` AND ${row}.${quoted(element.column)} IS NOT NULL`
    : "";
}

function storedElement(statement: Statement, column: NonNullable<RelatedRows["element"]>, table: string): Value {
  return stored(statement, column.nulls === "null" ? column : { ...column, nulls: "never" }, table);
}

/** A row as an object. */
function structOf(statement: Statement, columns: Columns, table: string): Struct {
  return {
    kind: "struct",
    members: Object.keys(columns),
    fails: undefined,
    member: (name) => (Object.hasOwn(columns, name) ? stored(statement, columns[name] as Column, table) : undefined),
  };
}
