import type { Column, Columns, Nulls, RelatedRow, RelatedRows, SqlOptions } from "./columns.js";

const TYPES = {
  scalar: ["string", "number", "boolean", "timestamp"],
  array: ["strings", "numbers", "booleans"],
  json: ["json"],
} as const;
const columnTypes: readonly string[] = Object.values(TYPES).flat();
const elementTypes: readonly string[] = [...TYPES.scalar, ...TYPES.json];

/**
 * Makes sure that a mapping says what it must: one that is misspelt could let rows through.
 *
 * @throws TypeError that names what is wrong
 */
export function assertMapping(options: SqlOptions): void {
  const { table, columns, id, firstPlaceholder = 1, negations = "unknown" } = options;
  const { literalsFit = false, strictEvaluation = false } = options;
  assertTable("table", table);
  assertColumns("columns", columns, true);
  if (id) assertColumn("id", id, elementTypes);
  if (!Number.isInteger(firstPlaceholder) || firstPlaceholder < 1) {
    throw wrong("firstPlaceholder", "a whole number from 1");
  }
  if (!["unknown", "expressions", "rules"].includes(negations)) {
    throw wrong("negations", '"unknown", "expressions" or "rules"');
  }
  if (typeof literalsFit !== "boolean") throw wrong("literalsFit", "true or false");
  if (typeof strictEvaluation !== "boolean") throw wrong("strictEvaluation", "true or false");
}

function assertColumns(where: string, columns: Columns, mayHaveDots: boolean): void {
  if (typeof columns !== "object" || columns === null) throw wrong(where, "an object of columns");
  for (const [name, column] of Object.entries(columns)) {
    if (!mayHaveDots && name.includes(".")) throw wrong(`${where}.${name}`, "a name without dots");
    assertColumn(`${where}.${name}`, column, [...columnTypes, "row", "rows"]);
  }
}

function assertColumn(where: string, column: Column, types: readonly string[]): void {
  if (!types.includes(column?.type)) throw wrong(`${where}.type`, `one of ${types.join(", ")}`);
  if (column.type === "row" || column.type === "rows") {
    assertRelation(where, column);
    return;
  }
  if (!isName(column.column)) throw wrong(`${where}.column`, "the name of a column");
  assertNulls(where, column.nulls, ["missing", "null", "never"]);
  if (column.type === "timestamp" && ![0, 3, 6].includes(column.fractionalSecondDigits ?? 3)) {
    throw wrong(`${where}.fractionalSecondDigits`, "0, 3 or 6");
  }
  if (column.type === "json" && !(column.path ?? []).every(isName)) throw wrong(`${where}.path`, "names of members");
}

function assertRelation(where: string, relation: RelatedRow | RelatedRows): void {
  assertTable(`${where}.table`, relation.table);
  for (const name of [relation.key, relation.references]) {
    if (!isName(name)) throw wrong(where, `${relation.type === "row" ? "a row" : "rows"} with a key and references`);
  }
  assertNulls(where, relation.nulls, ["missing", "never"]);
  if (relation.type === "row") {
    assertColumns(`${where}.members`, relation.members, false);
    return;
  }
  const { orderBy = "", element, members } = relation;
  if (typeof orderBy !== "string") throw wrong(`${where}.orderBy`, "the name of a column");
  if ((element === undefined) === (members === undefined)) throw wrong(where, "rows with either element or members");
  if (element) assertColumn(`${where}.element`, element, elementTypes);
  if (members) assertColumns(`${where}.members`, members, false);
}

function assertNulls(where: string, nulls: Nulls = "missing", known: readonly Nulls[]): void {
  if (!known.includes(nulls)) throw wrong(`${where}.nulls`, `one of ${known.join(", ")}`);
}

function assertTable(where: string, table: string | readonly string[]): void {
  const parts = [table].flat();
  // Subqueries are called so.
  if (parts.length === 0 || !parts.every(isName) || parts.some((part) => /^authz_[0-9]+(_j)?$/.test(part))) {
    throw wrong(where, "the name of a table");
  }
}

function isName(name: unknown): boolean {
  return typeof name === "string" && name !== "" && !name.includes("\0");
}

function wrong(where: string, expected: string): TypeError {
  return new TypeError(`toSql(): ${where} must be ${expected}.`);
}
