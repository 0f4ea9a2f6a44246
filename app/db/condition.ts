import { type SQL, sql } from "drizzle-orm";
import type { SqlCondition } from "../../middleware/sql/index.js";

/** A filter's condition as part of a Drizzle query. */
export function asSql({ template: { strings, values } }: SqlCondition): SQL {
  // As parameters of their own: left to itself Drizzle makes a list of parameters of an array.
  const parameters = values.map((value) => sql.param(value));
  // Drizzle does not look at the raw strings, which the tag of a template is given besides.
  const condition = sql(strings as unknown as TemplateStringsArray, ...parameters);
  // In parentheses: Drizzle's `and` puts none around what it joins, and an `or` in here would let others out.
  return sql`(${condition})`;
}
