import { type SQL, sql } from "drizzle-orm";
import type { SqlCondition } from "../../middleware/sql/index.js";

/** A filter's condition as part of a Drizzle query. */
export function asSql({ template: { strings, values } }: SqlCondition): SQL {
  // Without sql.param, Drizzle makes a list of parameters of an array.
  const condition = sql(strings, ...values.map((value) => sql.param(value)));
  // In parentheses: Drizzle's `and` puts none around what it joins, and an `or` in here would let others out.
  return sql`(${condition})`;
}
