/** A value that a condition compares with. */
export type SqlValue = string | number | boolean;

/**
 * A condition for PostgreSQL's WHERE, in two forms: `text` with `values` for drivers, `template` for query builders. Use
 * one of the two.
 */
export interface SqlCondition {
  /** For drivers: an SQL expression of the type `boolean`. `$1`, `$2` and so on, outside of quotes, stand for the values. */
  readonly text: string;
  /** The values of the placeholders in `text`: the first placeholder stands for the first value. */
  readonly values: readonly SqlValue[];
  /** For query builders, which number placeholders themselves. */
  readonly template: SqlTemplate;
}

/**
 * A condition as the arguments of a template's tag: `sql(template.strings, ...template.values)` with Drizzle's `sql`,
 * Prisma's `Prisma.sql` and the like.
 */
export interface SqlTemplate {
  /** The text between the values, without placeholders. One more than there are values. */
  readonly strings: TemplateStringsArray;
  /** The values in the order of the text: a value that the text uses twice is here twice. */
  readonly values: readonly SqlValue[];
}

/** A condition without values. */
export function constantCondition(text: string): SqlCondition {
  return { text, values: [], template: { strings: templateStrings([text]), values: [] } };
}

/** Strings as a tag receives them. Some tags recognize a template by its property `raw`. */
export function templateStrings(strings: readonly string[]): TemplateStringsArray {
  return Object.defineProperty(strings, "raw", { value: strings }) as TemplateStringsArray;
}
