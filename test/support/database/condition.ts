import type { SqlCondition, SqlValue } from "../../../middleware/sql/index.js";

/** A condition written by hand, as the tag of a template: condition`owner_id = ${id}`. */
export function condition(strings: TemplateStringsArray, ...values: SqlValue[]): SqlCondition {
  const text = strings.reduce((before, after, n) => `${before}$${n}${after}`);
  return { text, values, template: { strings, values } };
}
