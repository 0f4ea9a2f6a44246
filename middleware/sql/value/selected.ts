import type { Statement } from "../statement.js";
import { asJson } from "./json.js";
import { isScalar, type List, type Value } from "./types.js";

/** The one row that a subquery selects. */
export interface SelectedRow {
  /** A subquery of an expression over the row. NULL where there is no such row. */
  at(sql: string): string;
  /** A list of the row; without it, lists are JSON. */
  list?(list: List): List;
  /** Whether there always is such a row. */
  readonly isCertain: boolean;
}

/** A value of a row that a subquery selects, as seen from outside of it. Where there is no such row, it fails. */
export function selected(statement: Statement, value: Value, row: SelectedRow): Value {
  if (value.kind === "struct") {
    const { members, member } = value;
    const selectedMember = (name: string) => {
      const found = member(name);
      return found && selected(statement, found, row);
    };
    return { kind: "struct", members, member: selectedMember, fails: failureAt(row, value.fails) };
  }
  if (value.kind === "list" && row.list) return row.list(value as List);
  // NULL would be taken for a failure.
  const scalar = isScalar(value) && value.nulls !== "null" ? value : asJson(statement, value);
  const { kind, facts, sql, instant } = scalar;
  const nulls = row.isCertain && scalar.nulls === "never" ? "never" : "fails";
  return { kind, facts, sql: row.at(sql), nulls, ...(instant && { instant: row.at(instant) }) };
}

/** An SQL condition, never NULL: there is no such row, or what it has fails. `undefined`: neither ever happens. */
export function failureAt(row: SelectedRow, fails: string | undefined): string | undefined {
  if (fails) return `coalesce(${row.at(fails)}, TRUE)`;
  return row.isCertain ? undefined : `(${row.at("TRUE")} IS NULL)`;
}
