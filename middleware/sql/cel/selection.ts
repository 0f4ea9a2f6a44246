import { NotExpressible } from "../not-expressible.js";
import type { Statement } from "../statement.js";
import { hasNul } from "../value/constants.js";
import { asNumber, asString } from "../value/narrowing.js";
import { selected } from "../value/selected.js";
import { isScalar, type List, type Scalar, type Struct, type Value } from "../value/types.js";
import { dynamic, failing, failureOf, fallible, unlessFailing } from "../value/value.js";
import { partOf } from "./hierarchies.js";

/*
 * Members of objects and elements of lists (CEL specification, "Field Selection" and "Index").
 */

/** `of[index]`: of a list from 0, of an object by key. */
export function indexed(statement: Statement, of: Value, index: Value): Value {
  if (!isScalar(index)) return failing("json");
  if (of.kind === "struct") {
    if (typeof index.literal !== "string") throw new NotExpressible("the member of a row must be a constant.");
    return member(statement, of, index.literal);
  }
  if (of.kind === "hierarchy") return partOf(statement, of as Scalar, index);
  if (of.kind === "list") return elementAt(statement, of as List, index);
  return of.kind === "json" ? indexedJson(statement, of as Scalar, index) : failing("json");
}

function indexedJson(statement: Statement, of: Scalar, index: Scalar): Scalar {
  const byKey = (json: string, key: Scalar) => `${json} -> ${key.sql}`;
  const byPlace = (json: string, place: Scalar) =>
    statement.bind(
      [json, place.sql],
      (array, n) => `CASE WHEN jsonb_typeof(${array}) = 'array' AND ${isPlace(n)} THEN ${array} -> (${n})::int END`,
    );
  const either = (json: string, key: string) => {
    const unknown = { ...index, sql: key };
    return `coalesce(${byKey(json, asString(unknown))}, ${byPlace(json, asNumber(unknown))})`;
  };
  const sql =
    index.kind === "json"
      ? statement.bind([of.sql, index.sql], either)
      : index.kind === "string"
        ? byKey(of.sql, asString(index))
        : index.kind === "int" || index.kind === "double"
          ? byPlace(of.sql, index)
          : "NULL::jsonb";
  return dynamic(fallible("json", `(${sql})`, [of]));
}

function isPlace(n: string): string {
  return `${n} >= 0 AND ${n} < 2147483647 AND ${n} = trunc(${n})`;
}

/** One element of a list. */
function elementAt(statement: Statement, list: List, index: Scalar): Value {
  const place = index.kind === "json" ? asNumber(index) : index;
  if (place.kind !== "int" && place.kind !== "double") return failing("json");
  const { from, where, order, fails } = list;
  if (order === undefined) throw new NotExpressible("the rows have no order; say orderBy in the mapping.");
  /** NULL where there is no such element. */
  const at = (sql: string) => {
    const found = statement.bind([place.sql], (n) => {
      const one = `(SELECT ${sql} FROM ${from} WHERE ${where} ORDER BY ${order} LIMIT 1 OFFSET (${n})::int)`;
      return `CASE WHEN ${isPlace(n)} THEN ${one} END`;
    });
    return fails ? `(CASE WHEN ${fails} THEN NULL ELSE ${found} END)` : `(${found})`;
  };
  return selected(statement, list.element, { at, isCertain: false });
}

/**
 * `has(of.name)`: whether an object has a member, be it `null`. It fails where there is no object (CEL specification,
 * "Macros"; as an operator of plans: https://docs.cerbos.dev/cerbos/latest/releases/v0.57.0, "Breaking changes").
 */
export function hasMember(statement: Statement, of: Value, name: string): Scalar {
  if (of.kind === "struct") {
    const failure = failureOf(member(statement, of, name));
    return unlessFailing([of], failure ? `(NOT ${failure})` : "TRUE");
  }
  if (of.kind !== "json") return failing("boolean");
  const sql = statement.bind([of.sql], (json) => {
    const found = member(statement, { ...of, sql: json }, name) as Scalar;
    return `CASE jsonb_typeof(${json}) WHEN 'object' THEN ${found.sql} IS NOT NULL END`;
  });
  return fallible("boolean", sql);
}

/** `of.name`: a member of an object. */
export function member(statement: Statement, of: Value, name: string): Value {
  if (of.kind === "struct") {
    const found = (of as Struct).member(name);
    if (!found) throw new NotExpressible(`the mapping does not say how the member ${name} is stored.`);
    return found;
  }
  // JSON in PostgreSQL has no member whose name holds NUL.
  if (of.kind !== "json" || hasNul(name)) return failing("json");
  return dynamic(fallible("json", `(${(of as Scalar).sql} -> ${statement.parameter(name, "text")})`, [of]));
}
