import type { Quantifier } from "../../filter/filter.js";
import { NotExpressible } from "../not-expressible.js";
import type { Statement } from "../statement.js";
import { asList, derivedList, hasElement } from "../value/list.js";
import { asBoolean } from "../value/narrowing.js";
import { isScalar, type List, type Scalar, type Value } from "../value/types.js";
import { certain, dynamic, failing, failureOf, fallible, unlessFailing } from "../value/value.js";

/*
 * What is asked or made of each element of a list (CEL specification, "Macros").
 */

/** What a comprehension asks or makes of each element. */
export type Body = (...variables: Value[]) => Value;

/** The list of a comprehension, and what stands for its variables: the element, or its index and the element. */
function iterationOf(statement: Statement, value: Value, variables: number): { list: List; each: Value[] } | undefined {
  const list = asList(statement, value, true);
  if (!list) return undefined;
  if (variables === 1) return { list, each: [list.element] };
  if (value.kind === "json") return iteratedJson(statement, value as Scalar, list);
  const { place, element } = list;
  if (place === undefined) throw new NotExpressible("the places of its elements are not known in SQL.");
  return { list, each: [certain("int", `${place}::numeric`), element] };
}

/** Of an array the indexes and elements, of an object the keys and values. */
function iteratedJson(statement: Statement, json: Scalar, list: List): { list: List; each: Value[] } {
  const name = statement.alias();
  const array = `SELECT to_jsonb(i - 1), v FROM jsonb_array_elements(CASE WHEN jsonb_typeof(j) = 'array' THEN j ELSE '[]'::jsonb END) WITH ORDINALITY AS a(v, i)`;
  const object = `SELECT to_jsonb(k), v FROM jsonb_each(CASE WHEN jsonb_typeof(j) = 'object' THEN j ELSE '{}'::jsonb END) AS o(k, v)`;
  const from = `(SELECT ${json.sql} AS j OFFSET 0) AS ${name}_j, LATERAL (${array} UNION ALL ${object}) AS ${name}(k, v)`;
  const [key, element] = ["k", "v"].map((column) => dynamic(certain("json", `${name}.${column}`))) as [Scalar, Scalar];
  const integer: Scalar = { ...key, facts: new Set([...key.facts, "integers"]) };
  const values: Scalar = { ...element, facts: new Set([...element.facts, ...json.facts]) };
  return { list: derivedList(list, { from, order: `${name}.k`, element: values }), each: [integer, values] };
}

const QUANTIFIERS: Readonly<Record<Quantifier, string>> = {
  // Failures count only where nothing has been decided, but exists_one has to know of every element.
  exists: "CASE WHEN bool_or(p) THEN TRUE WHEN bool_or(p IS NULL) THEN NULL ELSE FALSE END",
  all: "CASE WHEN bool_or(NOT p) THEN FALSE WHEN bool_or(p IS NULL) THEN NULL ELSE TRUE END",
  exists_one: "CASE WHEN bool_or(p IS NULL) THEN NULL ELSE count(*) FILTER (WHERE p) = 1 END",
};

/** `list.exists(x, ...)`, `all` and `exists_one`. */
export function quantified(
  statement: Statement,
  operator: Quantifier,
  value: Value,
  variables: number,
  body: Body,
): Scalar {
  const found = iterationOf(statement, value, variables);
  if (!found) return failing("boolean");
  const { list, each } = found;
  const condition = asBoolean(body(...each));
  if (operator === "exists" && condition.nulls === "never") return unlessFailing([list], hasElement(list, condition));
  const table = statement.alias();
  const conditions = `SELECT ${condition.sql} AS p FROM ${list.from} WHERE ${list.where}`;
  const result = `(SELECT ${QUANTIFIERS[operator]} FROM (${conditions}) AS ${table})`;
  if (condition.nulls === "never") return unlessFailing([list], result);
  const sql = list.fails ? `CASE WHEN ${list.fails} THEN NULL ELSE ${result} END` : result;
  return fallible("boolean", sql, [condition]);
}

/** `list.filter(x, condition)`. */
export function filtered(statement: Statement, value: Value, condition: Body): Value {
  const list = asList(statement, value, true);
  return list ? filteredList(list, asBoolean(condition(list.element))) : failing("json");
}

function filteredList(list: List, condition: Scalar): List {
  const where = `${list.where} AND ${condition.sql}`;
  if (condition.nulls === "never") return derivedList(list, { where });
  return derivedList(list, { where, fails: failsWhere(list, `(${condition.sql}) IS NULL`) });
}

/** A list fails when making one of its elements does. */
function failsWhere({ from, where, fails }: List, failure: string): string {
  const anywhere = `EXISTS (SELECT FROM ${from} WHERE ${where} AND ${failure})`;
  // Where the list itself fails, nothing is known of its elements.
  return fails ? `(${fails} OR ${anywhere})` : anywhere;
}

/** `list.map(x, made)`, or `list.map(x, condition, made)`. */
export function transformed(statement: Statement, value: Value, variables: number, bodies: readonly Body[]): Value {
  const found = iterationOf(statement, value, variables);
  if (!found) return failing("json");
  const [condition, make] = bodies.length === 2 ? bodies : [undefined, bodies[0]];
  if (!make) throw new NotExpressible("it does not say what is made of each element.");
  const list = condition ? filteredList(found.list, asBoolean(condition(...found.each))) : found.list;
  const element = make(...found.each);
  const failure = failureOf(element);
  return derivedList(list, { element: unfailing(element), fails: failure ? failsWhere(list, failure) : list.fails });
}

/** What makes the whole list fail is no failure of an element any more. */
function unfailing(element: Value): Value {
  if (!isScalar(element)) return { ...element, fails: undefined };
  return element.nulls === "fails" ? { ...element, nulls: "never" } : element;
}
