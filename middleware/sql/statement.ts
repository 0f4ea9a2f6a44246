/** A condition for PostgreSQL's WHERE, with placeholders, and the values that belong to them, in order. */
export interface SqlCondition {
  /** `$1`, `$2` and so on, outside of quotes, stand for the values. */
  readonly text: string;
  readonly values: readonly (string | number | boolean)[];
}

/** A statement while it is written: its values, and the names that it gives to subqueries. */
export class Statement {
  readonly #values: (string | number | boolean)[] = [];
  readonly #places = new Map<string, number>();
  #names = 0;

  /** A placeholder. It is numbered at the end, as pieces of a statement may be used in another order, twice, or not at all. */
  value(value: string | number | boolean, type: string): string {
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
    if (parts.every((part) => part.length <= SHORT)) return body(...parts);
    const table = this.name();
    const columns = parts.map((part, n) => `${part} AS v${n}`);
    // OFFSET 0 keeps PostgreSQL from putting the parts back where their names are.
    return `(SELECT ${body(...parts.map((_, n) => `${table}.v${n}`))} FROM (SELECT ${columns.join(", ")} OFFSET 0) AS ${table})`;
  }

  /** @param first - number of the first placeholder */
  render(text: string, first: number): SqlCondition {
    const values: (string | number | boolean)[] = [];
    const numbers = new Map<string, number>();
    const numbered = text.replace(/\0(\d+)\0/g, (_, place: string) => {
      let number = numbers.get(place);
      if (number === undefined) {
        number = first + values.push(this.#values[Number(place)] as string | number | boolean) - 1;
        numbers.set(place, number);
      }
      return `$${number}`;
    });
    return { text: numbered, values };
  }
}

/** Columns and placeholders, in characters. */
const SHORT = 60;

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
