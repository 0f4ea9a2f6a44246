import type { LiteralAssumptions } from "../columns.js";
import { NotExpressible } from "../not-expressible.js";
import type { Statement } from "../statement.js";
import { has, without } from "../value/facts.js";
import { asJson } from "../value/json.js";
import { asDouble, asString } from "../value/narrowing.js";
import { type Facts, isScalar, type Scalar, type Value } from "../value/types.js";
import { collated, dynamic, failing, fallible, strict } from "../value/value.js";
import { asInteger, assertExact, isNumber } from "./equality.js";
import { addDuration, subtractTimes } from "./time.js";

/*
 * Arithmetic: IEEE 754 for floating point, which has infinities where PostgreSQL has errors, and 64 bits for integers,
 * where what does not fit fails. The two do not mix (CEL specification, "Arithmetic Operators").
 */

/** `a + b`: numbers, strings, lists, times. */
export function add(statement: Statement, a: Value, b: Value, assumptions: LiteralAssumptions): Scalar {
  if (a.kind === "json" && b.kind === "json") return addJson(statement, a, b, assumptions);
  if (a.kind === "list" || b.kind === "list") return concatenated(statement, a, b);
  if (a.kind === "string" || b.kind === "string") {
    const [left, right] = [asString(a), asString(b)];
    return strict("string", [left, right], `(${left.sql} || ${collated(right)})`);
  }
  return addDuration(statement, a, b) ?? calculate(statement, "+", a, b, assumptions);
}

/** `a - b`: numbers, times. */
export function subtract(statement: Statement, a: Value, b: Value, assumptions: LiteralAssumptions): Scalar {
  return subtractTimes(statement, a, b) ?? calculate(statement, "-", a, b, assumptions);
}

/** `a * b`. */
export function multiply(statement: Statement, a: Value, b: Value, assumptions: LiteralAssumptions): Scalar {
  return calculate(statement, "*", a, b, assumptions);
}

/** `a / b`. */
export function divide(statement: Statement, a: Value, b: Value, assumptions: LiteralAssumptions): Scalar {
  return calculate(statement, "/", a, b, assumptions);
}

/** `a % b`: of integers only. */
export function modulo(statement: Statement, a: Value, b: Value, assumptions: LiteralAssumptions): Scalar {
  return calculate(statement, "%", a, b, assumptions);
}

/** `-a`. */
export function negate(statement: Statement, a: Value): Scalar {
  if (a.kind === "int") return withinInt(statement, `(-(${(a as Scalar).sql}))`);
  const value = asDouble(a);
  assertExact(value);
  return { ...strict("double", [value], `(-(${value.sql}))`), facts: value.facts };
}

type Operator = "+" | "-" | "*" | "/" | "%";

function calculate(
  statement: Statement,
  operator: Operator,
  a: Value,
  b: Value,
  assumptions: LiteralAssumptions,
): Scalar {
  const [left, right] = [numeric(a), numeric(b)];
  if (!left || !right) return failing("double");
  // Integers and floating-point numbers do not mix, and of the latter there is no remainder.
  const areKnown = !has(left, "ambiguous") && !has(right, "ambiguous");
  if (areKnown && left.kind !== right.kind) return failing("double");
  if (operator === "%" && (isFloat(left) || isFloat(right))) return failing("double");
  if (left.kind === "int" || right.kind === "int") return onInts(statement, operator, left, right);
  if (!areKnown) assertFloats(left, right, assumptions);
  return onDoubles(statement, operator, left, right);
}

/** A number as it is; of JSON, the floating-point one. `undefined` when it can be none. */
function numeric(value: Value): Scalar | undefined {
  if (value.kind === "json") return asDouble(value);
  return isScalar(value) && isNumber(value) ? value : undefined;
}

function isFloat(value: Scalar): boolean {
  return value.kind === "double" && !has(value, "ambiguous");
}

/**
 * Makes sure that numbers, of which at least one may be an integer, are floating-point ones: where CEL's type checker
 * knows that the other one is, it has seen to it. Constants among themselves may as well be integers, whatever is said of
 * those beside attributes.
 */
function assertFloats(left: Scalar, right: Scalar, { literalsFit }: LiteralAssumptions): void {
  const isOneFloat = isFloat(left) || isFloat(right);
  if (isOneFloat && !has(left, "dynamic") && !has(right, "dynamic")) return;
  if (!isOneFloat && !has(left, "stored") && !has(right, "stored"))
    throw new NotExpressible("the plan does not tell whether these numbers are integers or floating-point.");
  if (literalsFit) return;
  throw new NotExpressible(
    "the plan does not tell 1.0 from 1, which fails beside an attribute. If the policies write 1.0, say literalsFit: true.",
  );
}

function onInts(statement: Statement, operator: Operator, a: Scalar, b: Scalar): Scalar {
  const [left, right] = [asInteger(statement, a, b), asInteger(statement, b, a)].map(({ sql }) => `(${sql})`);
  switch (operator) {
    case "/":
      return withinInt(statement, `div(${left}, nullif(${right}, 0))`);
    case "%":
      // The quotient must fit too, though it is not asked for.
      return withinInt(
        statement,
        `CASE WHEN NOT (${left} = ${MIN_INT64} AND ${right} = -1) THEN mod(${left}, nullif(${right}, 0)) END`,
      );
    default:
      return withinInt(statement, `(${left} ${operator} ${right})`);
  }
}

const MIN_INT64 = "(-9223372036854775808)";
const MAX_INT64 = "9223372036854775807";

/** An integer, unless it has more than 64 bits. */
export function withinInt(statement: Statement, sql: string): Scalar {
  const checked = statement.bind([sql], (n) => `CASE WHEN ${n} BETWEEN ${MIN_INT64} AND ${MAX_INT64} THEN ${n} END`);
  return fallible("int", checked);
}

function onDoubles(statement: Statement, operator: Operator, left: Scalar, right: Scalar): Scalar {
  if (operator === "/" && has(right, "unsigned")) {
    throw new NotExpressible("the sign of a zero to divide by is not known in JSON.");
  }
  const sql = statement.bind([`(${left.sql})`, `(${right.sql})`], (a, b) => {
    const isMissing = `${a} IS NULL OR ${b} IS NULL`;
    const isSpecial = `${a} IN ('NaN', 'Infinity', '-Infinity') OR ${b} IN ('NaN', 'Infinity', '-Infinity')`;
    const result = operator === "+" || operator === "-" ? sum(operator, a, b) : product(statement, operator, a, b);
    const byZero = operator === "/" ? `WHEN ${b} = 0 THEN ${divisionByZero(a, b)} ` : "";
    return `CASE WHEN ${isMissing} THEN NULL ${byZero}WHEN ${isSpecial} THEN ${a} ${operator} ${b} ELSE ${result} END`;
  });
  const result = strict("double", [left, right], sql);
  // Sums and products of large numbers are infinite, and those of infinite ones may be none.
  const isUncertain = operator === "/" || has(left, "infinite") || has(right, "infinite");
  const facts = new Set([...without(result.facts, "ambiguous", "large"), "infinite", ...(isUncertain ? ["nan"] : [])]);
  return has(left, "dynamic") && has(right, "dynamic")
    ? dynamic({ ...result, facts: facts as Facts })
    : { ...result, facts: facts as Facts };
}

/** A division by zero, whose sign counts. */
function divisionByZero(a: string, b: string): string {
  const sign = `CASE WHEN (${a} > 0) = (${b}::text = '0') THEN 'Infinity' ELSE '-Infinity' END`;
  return `CASE WHEN ${a} IN (0, 'NaN') THEN 'NaN' ELSE ${sign} END::float8`;
}

/** The half of what is infinite: 2^1023. Halves of large numbers are exact, and cannot overflow. */
const HALF_OF_INFINITY = "8.98846567431158e307";

function sum(operator: string, a: string, b: string): string {
  const half = (n: string) => `CASE WHEN abs(${n}) < 1 THEN 0 ELSE ${n} * 0.5 END`;
  const halves = `((${half(a)}) ${operator} (${half(b)}))`;
  return (
    `CASE WHEN abs(${a}) < 1e300 AND abs(${b}) < 1e300 THEN ${a} ${operator} ${b} ` +
    `WHEN ${halves} >= ${HALF_OF_INFINITY} THEN 'Infinity' WHEN ${halves} <= -${HALF_OF_INFINITY} THEN '-Infinity' ELSE ${halves} * 2 END`
  );
}

/** A product or quotient. Where it may overflow or underflow, decimal arithmetic tells roughly, and a scaled one exactly. */
function product(statement: Statement, operator: string, a: string, b: string): string {
  const [x, y] =
    operator === "*" ? [`least(abs(${a}), abs(${b}))`, `greatest(abs(${a}), abs(${b}))`] : [`abs(${a})`, `abs(${b})`];
  const estimate = `(${x}::text::numeric ${operator} ${y}::text::numeric)`;
  const large = operator === "*" ? `(${x} * (${y} * 2::float8 ^ -100))` : `((${x} * 2::float8 ^ -100) / ${y})`;
  const small = operator === "*" ? `((${x} * 2::float8 ^ 600) * ${y})` : `((${x} * 2::float8 ^ 600) / ${y})`;
  const signed = (positive: string) =>
    `CASE WHEN (${a} > 0) = (${b} > 0) THEN '${positive}' ELSE '-${positive}' END::float8`;
  const [infinite, zero] = [signed("Infinity"), signed("0")];
  const plain = `${a} ${operator} ${b}`;
  const isUsual = (n: string) => `abs(${n}) BETWEEN 1e-140 AND 1e140`;
  const careful = statement.bind(
    [estimate],
    (n) =>
      `CASE WHEN ${n} > 1e310 THEN ${infinite} WHEN ${n} < 1e-330 THEN ${zero} ` +
      `WHEN ${n} > 1e300 THEN CASE WHEN ${large} >= 2::float8 ^ 924 THEN ${infinite} ELSE ${plain} END ` +
      `WHEN ${n} < 1e-320 THEN CASE WHEN ${small} <= 2::float8 ^ -475 THEN ${zero} ELSE ${plain} END ELSE ${plain} END`,
  );
  return `CASE WHEN ${isUsual(a)} AND ${isUsual(b)} OR ${a} = 0 THEN ${plain}${operator === "*" ? ` WHEN ${b} = 0 THEN ${plain}` : ""} ELSE ${careful} END`;
}

function concatenated(statement: Statement, a: Value, b: Value): Scalar {
  const parts = [a, b].map((value) => {
    if (value.kind === "list") return asJson(statement, value);
    return value.kind === "json" ? arrayIn(value as Scalar) : failing("json");
  });
  return dynamic(strict("json", parts, `(${parts.map(({ sql }) => sql).join(" || ")})`));
}

/** The array in JSON; anything else fails. */
function arrayIn(json: Scalar): Scalar {
  return fallible("json", `jsonb_path_query_first(${json.sql}, 'strict $ ? (@.type() == "array")')`, [json]);
}

function addJson(statement: Statement, a: Scalar, b: Scalar, assumptions: LiteralAssumptions): Scalar {
  const result = fallible("json", "NULL", [a, b]);
  const sql = statement.bind([a.sql, b.sql], (left, right) => {
    const [x, y] = [
      { ...a, sql: left },
      { ...b, sql: right },
    ];
    const strings = asJson(statement, add(statement, asString(x), asString(y), assumptions));
    const numbers = asJson(statement, calculate(statement, "+", asDouble(x), asDouble(y), assumptions));
    // At most one of them is not NULL.
    return `coalesce(${strings.sql}, ${numbers.sql}, ${arrayIn(x).sql} || ${arrayIn(y).sql})`;
  });
  return dynamic({ ...result, sql, facts: new Set([...without(result.facts, "ambiguous", "large"), "infinite"]) });
}
