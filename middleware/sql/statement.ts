/** A value that a condition compares with. */
export type SqlValue = string | number | boolean;

/** A condition for PostgreSQL's WHERE. It is given twice, for drivers and for query builders: take one of the two. */
export interface SqlCondition {
  /** For drivers: `$1`, `$2` and so on, outside of quotes, stand for the values. */
  readonly text: string;
  /** The values that belong to the placeholders of `text`, in order. */
  readonly values: readonly SqlValue[];
  /**
   * For query builders, which number placeholders themselves: the parts of the text and the values between them, as a tag
   * of a template takes them, such as Drizzle's `sql(strings, ...values)`. There is one value less than there are strings,
   * and a value that is used twice stands there twice.
   */
  readonly template: { readonly strings: readonly string[]; readonly values: readonly SqlValue[] };
}

/** A condition without values. */
export function constantCondition(text: string): SqlCondition {
  return { text, values: [], template: { strings: [text], values: [] } };
}

/** A statement while it is written: its values, and the names that it gives to subqueries. */
export class Statement {
  readonly #values: SqlValue[] = [];
  readonly #places = new Map<string, number>();
  #names = 0;

  /** A placeholder. It is numbered at the end, as pieces of a statement may be used in another order, twice, or not at all. */
  value(value: SqlValue, type: string): string {
    const key = JSON.stringify([value, type]);
    const place = this.#places.get(key) ?? this.#values.push(value) - 1;
    this.#places.set(key, place);
    return `\0${place}\0::${type}`;
  }

  /** A name that nothing else in the statement has. */
  name(): string {
    this.#names += 1;
    return `authz_${this.#names}`;
  }

  /**
   * Names parts that are used more than once, so that each is written once.
   *
   * @param parts - SQL expressions
   * @param body - makes an SQL expression of their names
   */
  bind(parts: readonly string[], body: (...names: string[]) => string): string {
    if (parts.every((part) => part.length <= MAX_REPEATED_CHARS)) return body(...parts);
    const table = this.name();
    const columns = parts.map((part, n) => `${part} AS v${n}`);
    // OFFSET 0 keeps PostgreSQL from putting the parts back where their names are.
    return `(SELECT ${body(...parts.map((_, n) => `${table}.v${n}`))} FROM (SELECT ${columns.join(", ")} OFFSET 0) AS ${table})`;
  }

  /**
   * The condition that an SQL expression of this statement is.
   *
   * @param first - number of the first placeholder
   */
  render(sql: string, first: number): SqlCondition {
    // Every other part is the place of a value: see value().
    const [start = "", ...rest] = sql.split("\0");
    const values: SqlValue[] = [];
    const numbers = new Map<string, number>();
    const template = { strings: [start], values: [] as SqlValue[] };
    let text = start;
    for (let n = 0; n < rest.length; n += 2) {
      const [place, after] = [rest[n] as string, rest[n + 1] as string];
      const value = this.#values[Number(place)] as SqlValue;
      let number = numbers.get(place);
      if (number === undefined) {
        number = first + values.push(value) - 1;
        numbers.set(place, number);
      }
      text += `$${number}${after}`;
      template.strings.push(after);
      template.values.push(value);
    }
    return { text, values, template };
  }
}

/** Shorter expressions, such as columns and placeholders, are written again rather than named. In characters. */
const MAX_REPEATED_CHARS = 60;

/**
 * An identifier in quotes.
 *
 * @throws TypeError when it is none
 */
export function quoted(name: string): string {
  if (typeof name !== "string" || name === "" || name.includes("\0")) {
    throw new TypeError(`toSql(): ${JSON.stringify(name)} cannot be the name of a table or column.`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table, with its schema if it is given. */
export function quotedTable(name: string | readonly string[]): string {
  return [name].flat().map(quoted).join(".");
}
