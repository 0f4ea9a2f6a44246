import { has } from "../value/facts.js";
import { asBoolean, asNumber, asString } from "../value/narrowing.js";
import { isScalar, type Kind, type Scalar, type Value } from "../value/types.js";
import { collated, failing, fallible, strict } from "../value/value.js";
import { asFloat, exact, isNumber } from "./equality.js";

/*
 * Order: of numbers of any type, and within strings (by code point), booleans, timestamps and durations.
 * Anything else has none, and fails (CEL specification, "Ordering").
 */

const ORDERED: ReadonlySet<string> = new Set<Kind>(["string", "boolean", "timestamp", "duration"]);

/** `a < b` and its kin; the operator is SQL's. */
export function compare(operator: "<" | "<=" | ">" | ">=", a: Value, b: Value): Scalar {
  if (!isScalar(a) || !isScalar(b)) return failing("boolean");
  if (a.kind === "json" && b.kind === "json") return compareJson(operator, a, b);
  if (a.kind === "json") return compare(operator, like(b, a), b);
  if (b.kind === "json") return compare(operator, a, like(a, b));
  if (isNumber(a) && isNumber(b)) return compareNumbers(operator, a, b);
  if (a.kind !== b.kind || !ORDERED.has(a.kind)) return failing("boolean");
  if (a.kind !== "string") return strict("boolean", [a, b], `(${a.sql} ${operator} ${b.sql})`);
  const [left, right] = [asString(a), asString(b)];
  return strict("boolean", [left, right], `((${left.sql}) COLLATE "C" ${operator} ${collated(right)})`);
}

function compareNumbers(operator: string, a: Scalar, b: Scalar): Scalar {
  const [left, right] = a.kind === b.kind ? [a, b] : [asFloat(exact(a, b)), asFloat(exact(b, a))];
  const condition = `(${left.sql} ${operator} ${right.sql})`;
  const uncertain = [left, right].filter((number) => has(number, "nan"));
  if (uncertain.length === 0) return strict("boolean", [left, right], condition);
  const isOrdered = uncertain.map(({ sql }) => `${sql} <> 'NaN'`).join(" AND ");
  return { ...fallible("boolean", `CASE WHEN ${isOrdered} THEN ${condition} END`), facts: new Set(["unordered"]) };
}

/** Of JSON, the part that compares with a value of this kind. */
function like(pattern: Scalar, json: Scalar): Scalar {
  if (isNumber(pattern)) return asNumber(json);
  return pattern.kind === "boolean" ? asBoolean(json) : asString(json);
}

function compareJson(operator: "<" | "<=" | ">" | ">=", a: Scalar, b: Scalar): Scalar {
  const branches = [asString, asNumber, asBoolean].map((part) => compare(operator, part(a), part(b)).sql);
  // At most one of them is not NULL.
  return fallible("boolean", `coalesce(${branches.join(", ")})`);
}
