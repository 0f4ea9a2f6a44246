import type { Attributes, Resource, Value } from "../../../middleware/index.js";
import type { Column, Columns, RelatedRow, RelatedRows } from "../../../middleware/sql/index.js";
import { columns, id, quoted, table } from "./tables.js";

/** Name of the column that holds the whole row as JSON, which has what drivers lose. */
export const AS_JSON = "as JSON";
/** A row as a database's driver returns it. */
export type Read = Readonly<Record<string, unknown>>;
/** All rows of a table, by its quoted name. */
export type Contents = ReadonlyMap<string, readonly Read[]>;

/** What an app would send to the PDP for each row, made from the mapping that `toSql` gets. */
export function resourcesOf(contents: Contents): Resource[] {
  return (contents.get(quoted(table)) ?? []).map((row) => ({
    id: String(row[id.column]),
    attr: objectOf(row, columns, contents),
  }));
}

function objectOf(row: Read, mapping: Columns, contents: Contents): Attributes {
  const object: Record<string, Value> = {};
  for (const [name, column] of Object.entries(mapping)) {
    const path = name.split(".");
    const member = path.pop() ?? "";
    let owner = object;
    for (const step of path) {
      owner[step] ??= {};
      owner = owner[step] as Record<string, Value>;
    }
    const value = storedAs(row, column, contents);
    if (value !== undefined) owner[member] = value;
  }
  return object;
}

/** `undefined` when the attribute is missing. */
function storedAs(row: Read, column: Column, contents: Contents): Value | undefined {
  if (column.type === "rows") return listOf(row, column, contents);
  if (column.type === "row") {
    const [other] = relatedTo(row, column, contents);
    return other && objectOf(other, column.members, contents);
  }
  const stored = row[column.column];
  if (stored === null && column.type === "json" && column.nulls !== "null") return undefined;
  if (stored === null && column.type !== "json") return column.nulls === "null" ? null : undefined;
  switch (column.type) {
    case "string":
    case "boolean":
    case "strings":
    case "booleans":
      return stored as Value;
    case "number":
      return Number(stored); // drivers return text for what numbers may not hold
    case "numbers":
      return (stored as unknown[]).map((element) => (element === null ? null : Number(element)));
    case "timestamp":
      if (column.fractionalSecondDigits === undefined) return (stored as Date).toISOString();
      return withDigits(memberOf(row[AS_JSON] as Value, column.column) as string, column.fractionalSecondDigits);
    case "json":
      return (column.path ?? []).reduce<Value | undefined>(memberOf, stored as Value);
  }
}

/** A timestamp as PostgreSQL writes it in JSON, with so many digits after the second. */
function withDigits(timestamp: string, digits: number): string {
  const [, seconds, fraction = ""] = /^([^.]+?)(?:\.(\d+))?\+00:00$/.exec(timestamp) ?? [];
  return `${seconds}${digits > 0 ? `.${fraction.padEnd(6, "0").slice(0, digits)}` : ""}Z`;
}

function memberOf(value: Value | undefined, name: string): Value | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, name) ? (value as Attributes)[name] : undefined;
}

function relatedTo(row: Read, { table, key, references }: RelatedRow | RelatedRows, contents: Contents): Read[] {
  return (contents.get(quoted(table)) ?? []).filter((other) => other[key] === row[references]);
}

function listOf(row: Read, related: RelatedRows, contents: Contents): Value | undefined {
  const { references, orderBy, element, members } = related;
  if (row[references] === null) return undefined;
  const mine = relatedTo(row, related, contents);
  if (orderBy) mine.sort((a, b) => Number(a[orderBy]) - Number(b[orderBy]));
  return mine.flatMap((other): Value[] => {
    if (members) return [objectOf(other, members, contents)];
    const value = element && storedAs(other, element, contents);
    return value === undefined ? [] : [value];
  });
}
