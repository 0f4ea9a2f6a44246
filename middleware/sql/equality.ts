import type { Statement } from "./statement.js";
import {
  asJson,
  CannotSay,
  failing,
  hasNul,
  isScalar,
  type Scalar,
  strict,
  unlessFailing,
  type Value,
} from "./value.js";

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
  if (a.kind === "json" || b.kind === "json") {
    if (isTemporal(a) || isTemporal(b)) return unlessFailing([a, b], "FALSE");
    return same(asJson(statement, a), asJson(statement, b));
  }
  if (isNumber(a) && isNumber(b))
    return a.kind === b.kind ? same(exact(a, b), exact(b, a)) : same(asFloat(a), asFloat(b));
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
  return same(asJson(statement, a), asJson(statement, b));
}

function isNull(value: Scalar): Scalar {
  if (value.kind === "null") return { kind: "boolean", sql: "TRUE", nulls: "never" };
  if (value.kind === "json") return strict("boolean", [value], `(${value.sql} = 'null'::jsonb)`);
  return unlessFailing([value], value.nulls === "null" ? `((${value.sql}) IS NULL)` : "FALSE");
}

/** Equality within one SQL type. */
function same(a: Scalar, b: Scalar): Scalar {
  if (a.nulls === "null" && b.nulls === "null") {
    return { kind: "boolean", sql: `(${a.sql} IS NOT DISTINCT FROM ${b.sql})`, nulls: "never" };
  }
  // In SQL, NaN equals itself.
  const condition =
    a.mayBeNaN || b.mayBeNaN
      ? `(${a.sql} = ${b.sql} AND (${a.sql} <> 'NaN' OR ${b.sql} IS NULL))`
      : `(${a.sql} = ${b.sql})`;
  const nullable = [a, b].find(({ nulls }) => nulls === "null");
  if (!nullable) return strict("boolean", [a, b], condition);
  // Not IS NOT DISTINCT FROM, for which no index can be used.
  return unlessFailing([a, b], `(${condition} AND (${nullable.sql}) IS NOT NULL)`);
}

function isTemporal({ kind }: Scalar): boolean {
  return kind === "timestamp" || kind === "duration";
}

export function isNumber({ kind }: Value): boolean {
  return kind === "double" || kind === "int";
}

/** An integer as a floating-point number, as CEL compares the two. */
export function asFloat(value: Scalar): Scalar {
  return value.kind === "int" ? { ...value, kind: "double", sql: `(${value.sql})::float8` } : value;
}

/** The most that every whole number up to it is exact in floating point. */
const EXACT = 2 ** 53;

/**
 * Beside an integer, a whole number in a query plan is one too.
 *
 * @throws CannotSay when it is too large for plans to carry it exactly
 */
export function exact(value: Scalar, beside: Scalar): Scalar {
  if (beside.kind === "int" && typeof value.literal === "number" && Math.abs(value.literal) >= EXACT) {
    throw new CannotSay("query plans do not carry integers of this size exactly.");
  }
  return value;
}
