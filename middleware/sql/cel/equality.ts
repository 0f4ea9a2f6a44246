import { NotExpressible } from "../not-expressible.js";
import type { Statement } from "../statement.js";
import { hasNul } from "../value/constants.js";
import { has } from "../value/facts.js";
import { asJson } from "../value/json.js";
import { asNumber } from "../value/narrowing.js";
import { isScalar, type Scalar, type Value } from "../value/types.js";
import { certain, collated, failing, strict, unlessFailing } from "../value/value.js";

/*
 * Equality of any two values: between different types it is false, and it fails only where an operand does. Of numbers
 * the value counts, not the type (CEL specification, "Equality").
 */

/** `a == b`. */
export function equals(statement: Statement, a: Value, b: Value): Scalar {
  if (a.kind === "hierarchy" || b.kind === "hierarchy") return equalsHierarchy(a, b);
  if (!isScalar(a) || !isScalar(b)) return equalsComposite(statement, a, b);
  if (a.kind === "null") return isNull(b);
  if (b.kind === "null") return isNull(a);
  // No value in a database is such a text.
  if (hasNul(a.literal) || hasNul(b.literal)) return unlessFailing([a, b], "FALSE");
  if (a.kind === "json") return equalsJson(statement, a, b);
  if (b.kind === "json") return equalsJson(statement, b, a);
  if (isNumber(a) && isNumber(b)) return same(asFloat(exact(a, b)), asFloat(exact(b, a)));
  if (a.kind === b.kind) return same(a, b);
  const areBothNull = a.nulls === "null" && b.nulls === "null";
  return unlessFailing([a, b], areBothNull ? `((${a.sql}) IS NULL AND (${b.sql}) IS NULL)` : "FALSE");
}

function equalsHierarchy(a: Value, b: Value): Scalar {
  if (a.kind !== "hierarchy") return unlessFailing([a, b], "FALSE");
  if (b.kind !== "hierarchy") return failing("boolean");
  return strict("boolean", [a as Scalar, b as Scalar], `(${(a as Scalar).sql} = ${(b as Scalar).sql})`);
}

function equalsComposite(statement: Statement, a: Value, b: Value): Scalar {
  if ([a, b].some((value) => isScalar(value) && value.kind !== "json")) return unlessFailing([a, b], "FALSE");
  assertExactBesideIntegers(a, b);
  return same(asJson(statement, a), asJson(statement, b));
}

function equalsJson(statement: Statement, json: Scalar, other: Scalar): Scalar {
  if (other.kind === "timestamp" || other.kind === "duration") return unlessFailing([json, other], "FALSE");
  assertExactBesideIntegers(json, other);
  if (!isNumber(other) || other.nulls === "null" || has(json, "infinite")) return same(json, asJson(statement, other));
  // As numbers: JSON's are decimal, and would differ where floating-point ones do not.
  const condition = statement.bind([json.sql], (sql) => {
    const equal = same(asNumber({ ...json, sql }), asFloat(other));
    return `(jsonb_typeof(${sql}) = 'number' AND coalesce(${equal.sql}, FALSE))`;
  });
  return unlessFailing([json, other], condition);
}

function isNull(value: Scalar): Scalar {
  if (value.kind === "null") return certain("boolean", "TRUE");
  if (value.kind === "json") return strict("boolean", [value], `(${value.sql} = 'null'::jsonb)`);
  return unlessFailing([value], value.nulls === "null" ? `((${value.sql}) IS NULL)` : "FALSE");
}

/** Equality within one SQL type. */
function same(a: Scalar, b: Scalar): Scalar {
  const areColumns = a.kind === "string" && a.literal === undefined && b.literal === undefined;
  const [left, right] = [a.sql, areColumns ? collated(b) : b.sql];
  if (a.nulls === "null" && b.nulls === "null") return certain("boolean", `(${left} IS NOT DISTINCT FROM ${right})`);
  // In SQL, NaN equals itself.
  const isUncertain = has(a, "nan") || has(b, "nan");
  const condition = isUncertain
    ? `(${left} = ${right} AND (${left} <> 'NaN' OR ${right} IS NULL))`
    : `(${left} = ${right})`;
  const nullable = [a, b].find(({ nulls }) => nulls === "null");
  if (!nullable) return strict("boolean", [a, b], condition);
  // Not IS NOT DISTINCT FROM, for which no index can be used.
  return unlessFailing([a, b], `(${condition} AND (${nullable.sql}) IS NOT NULL)`);
}

export function isNumber({ kind }: Value): boolean {
  return kind === "double" || kind === "int";
}

/** An integer as a floating-point number, as CEL compares the two. */
export function asFloat(value: Scalar): Scalar {
  return value.kind === "int" ? { ...value, kind: "double", sql: `(${value.sql})::float8` } : value;
}

/**
 * Makes sure that a constant is what the policy says: beside an integer it is one, and plans carry only numbers in
 * floating point.
 *
 * @throws NotExpressible when it is too large for that
 */
export function exact(value: Scalar, beside: Scalar): Scalar {
  if (beside.kind !== "int" || !has(value, "ambiguous")) return value;
  if (typeof value.literal !== "number")
    throw new NotExpressible("the plan does not tell integers from other numbers.");
  assertExact(value);
  return value;
}

/** @throws NotExpressible when a number of the plan may have been another integer in the policy */
export function assertExact(value: Value): void {
  if (has(value, "large")) throw new NotExpressible("query plans do not carry integers of this size exactly.");
}

/** Numbers in JSON are compared as they arrived, also with integers. */
function assertExactBesideIntegers(a: Value, b: Value): void {
  if (isInteger(a)) assertExact(b);
  if (isInteger(b)) assertExact(a);
}

function isInteger(value: Value): boolean {
  if (value.kind === "list") return isInteger(value.element);
  return value.kind === "int" || has(value, "integers");
}

/** A whole number beside an integer, as one. */
export function asInteger(statement: Statement, value: Scalar, beside: Scalar): Scalar {
  if (value.kind === "int") return value;
  const { literal } = exact(value, beside);
  return { ...certain("int", statement.parameter(String(literal), "numeric")), literal: literal as number };
}
