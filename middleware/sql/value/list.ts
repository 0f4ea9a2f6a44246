import { NotExpressible } from "../not-expressible.js";
import type { Statement } from "../statement.js";
import { hasNul } from "./constants.js";
import { asJson } from "./json.js";
import { isScalar, type List, type Scalar, type Value } from "./types.js";
import { certain, collated, dynamic, failureOfAny } from "./value.js";

/** A list of expressions: it fails when one of them does. */
export function listOf(statement: Statement, values: readonly Value[]): List {
  const name = statement.alias();
  const scalars = isUniform(values) ? (values as readonly Scalar[]) : values.map((value) => asJson(statement, value));
  const [first] = scalars;
  const rows = scalars.map((scalar, n) => `(${scalar.kind === "string" ? collated(scalar) : scalar.sql}, ${n})`);
  const kind = first?.kind ?? "json";
  return {
    kind: "list",
    from: `(VALUES ${rows.join(", ")}) AS ${name}(v, i)`,
    where: "TRUE",
    order: `${name}.i`,
    place: `${name}.i`,
    element: dynamic(certain(kind, `${name}.v`, scalars)),
    fails: failureOfAny(scalars),
  };
}

/** Whether values can stand in one column as they are. */
function isUniform(values: readonly Value[]): boolean {
  const [first] = values;
  return values.every(
    (value) => isScalar(value) && value.kind === first?.kind && value.nulls !== "null" && !hasNul(value.literal),
  );
}

/** The elements of a JSON array, or the keys of an object; anything else fails. */
export function listOfJson(statement: Statement, json: Scalar, keys: boolean): List {
  const name = statement.alias();
  const ofObject = keys
    ? ` WHEN 'object' THEN (SELECT coalesce(jsonb_agg(k), '[]'::jsonb) FROM jsonb_object_keys(${name}_j.j) AS k)`
    : "";
  const array = `CASE jsonb_typeof(${name}_j.j) WHEN 'array' THEN ${name}_j.j${ofObject} ELSE '[]'::jsonb END`;
  const types = keys ? "'array', 'object'" : "'array'";
  return {
    kind: "list",
    from: `(SELECT ${json.sql} AS j OFFSET 0) AS ${name}_j, jsonb_array_elements(${array}) WITH ORDINALITY AS ${name}(v, i)`,
    where: "TRUE",
    order: `${name}.i`,
    place: `(${name}.i - 1)`,
    element: dynamic(certain("json", `${name}.v`, [json])),
    fails: `coalesce(jsonb_typeof(${json.sql}) NOT IN (${types}), TRUE)`,
  };
}

/** A value as a list; `undefined` when it can be none. With `keys`, an object counts as the list of its keys. */
export function asList(statement: Statement, value: Value, keys: boolean): List | undefined {
  if (value.kind === "list") return value;
  if (value.kind === "struct" && keys) throw new NotExpressible("which members a row has is not known in SQL.");
  return value.kind === "json" ? listOfJson(statement, value as Scalar, keys) : undefined;
}

/** Another list made of one: what was known of that one as a whole does not hold any more. */
export function derivedList(list: List, changes: Partial<List>): List {
  const { kind, from, where, order, element, fails } = list;
  return { kind, from, where, order, element, fails, ...changes };
}

/** An SQL condition: it holds of an element of the list. */
export function hasElement({ from, where }: List, condition: Scalar): string {
  return `EXISTS (SELECT FROM ${from} WHERE ${where} AND ${condition.sql})`;
}
