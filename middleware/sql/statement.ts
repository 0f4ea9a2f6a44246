import { type SqlCondition, type SqlValue, templateStrings } from "./condition.js";

/** A condition while it is translated: its values, and the aliases of its subqueries. */
export class Statement {
  readonly #values: SqlValue[] = [];
  /** The indexes of the values, so that equal ones share a placeholder. */
  readonly #indexes = new Map<string, number>();
  #aliases = 0;

  /**
   * A mark that stands for a value. {@link render} numbers it, as expressions may be used in another order, twice, or not
   * at all.
   *
   * @param type - PostgreSQL's name of the value's type
   */
  parameter(value: SqlValue, type: string): string {
    const key = JSON.stringify([value, type]);
    const index = this.#indexes.get(key) ?? this.#values.push(value) - 1;
    this.#indexes.set(key, index);
    return `\0${index}\0::${type}`;
  }

  /** A name for a subquery that nothing else in the statement has. */
  alias(): string {
    this.#aliases += 1;
    return `authz_${this.#aliases}`;
  }

  /**
   * Gives names to expressions that are used more than once, so that each is written, and evaluated, once.
   *
   * @param expressions - SQL expressions
   * @param body - makes an SQL expression of their names
   */
  bind(expressions: readonly string[], body: (...names: string[]) => string): string {
    if (expressions.every(({ length }) => length <= MAX_REPEATED_SQL_CHARS)) return body(...expressions);
    const table = this.alias();
    const names = expressions.map((_, n) => `${table}.v${n}`);
    const columns = expressions.map((expression, n) => `${expression} AS v${n}`);
    // OFFSET 0 keeps PostgreSQL from replacing the names by the expressions.
    return `(SELECT ${body(...names)} FROM (SELECT ${columns.join(", ")} OFFSET 0) AS ${table})`;
  }

  /**
   * An SQL expression of this statement as a condition.
   *
   * @param first - number of the first placeholder
   */
  render(sql: string, first: number): SqlCondition {
    // Every other part is the index of a value: see parameter().
    const [start = "", ...rest] = sql.split("\0");
    const values: SqlValue[] = [];
    const numbers = new Map<string, number>();
    const strings = [start];
    const valuesInText: SqlValue[] = [];
    let text = start;
    for (let n = 0; n < rest.length; n += 2) {
      const [index, after] = [rest[n] as string, rest[n + 1] as string];
      const value = this.#values[Number(index)] as SqlValue;
      let number = numbers.get(index);
      if (number === undefined) {
        number = first + values.push(value) - 1;
        numbers.set(index, number);
      }
      text += `$${number}${after}`;
      strings.push(after);
      valuesInText.push(value);
    }
    return { text, values, template: { strings: templateStrings(strings), values: valuesInText } };
  }
}

/** Expressions up to this length, such as columns and parameters, are repeated rather than bound to a name. */
const MAX_REPEATED_SQL_CHARS = 60;
