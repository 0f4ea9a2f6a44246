import type { Statement } from "../statement.js";

/** As many as PostgreSQL's planner likes to see one by one. */
export const MAX_INLINE_ELEMENTS = 100;

/** An array of many texts, in one value. */
export function textArrayOfJson(statement: Statement, texts: readonly string[]): string {
  return `ARRAY(SELECT jsonb_array_elements_text(${statement.parameter(JSON.stringify(texts), "jsonb")}))`;
}
