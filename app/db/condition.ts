import { type SQL, sql } from "drizzle-orm";
import type { SqlCondition } from "../../middleware/sql/index.js";

/** Makes the condition that a filter has become part of a Drizzle query, which numbers its placeholders by itself. */
export function asSql({ text, values }: SqlCondition): SQL {
  // Every other part is the number of a placeholder.
  const parts = text.split(/\$(\d+)/);
  // As a parameter of its own: left to itself Drizzle makes a list of parameters of an array.
  const chunks = parts.map((part, i) => (i % 2 ? sql`${sql.param(values[Number(part) - 1])}` : sql.raw(part)));
  // In parentheses: Drizzle's `and` puts none around what it joins, and an `or` in here would let others out.
  return sql`(${sql.join(chunks)})`;
}
