import { exact, isNumber } from "./equality.js";
import type { Statement } from "./statement.js";
import { addDuration, subtractTimes } from "./time.js";
import {
  asDouble,
  asJson,
  asString,
  CannotSay,
  failing,
  fallible,
  isScalar,
  type Scalar,
  strict,
  type Value,
} from "./value.js";

/*
 * Arithmetic: IEEE 754 for floating point, which has infinities where PostgreSQL has errors, and 64 bits for integers,
 * where what does not fit fails. The two do not mix (CEL specification, "Arithmetic Operators").
 */

export interface ArithmeticOptions {
  /** Whether a whole number beside an attribute is to be taken for a floating-point one. */
  readonly literalsFit: boolean;
}

/** `a + b`: numbers, strings, lists, times. */
export function add(statement: Statement, a: Value, b: Value, options: ArithmeticOptions): Scalar {
  if (a.kind === "json" && b.kind === "json") return addJson(statement, a, b, options);
  if (a.kind === "list" || b.kind === "list") return concatenated(statement, a, b);
  if (a.kind === "string" || b.kind === "string") {
    const [left, right] = [asString(a), asString(b)];
    return strict("string", [left, right], `(${left.sql} || ${right.sql})`);
  }
  return addDuration(statement, a, b) ?? calculate(statement, "+", a, b, options);
}

/** `a - b`: numbers, times. */
export function subtract(statement: Statement, a: Value, b: Value, options: ArithmeticOptions): Scalar {
  return subtractTimes(statement, a, b) ?? calculate(statement, "-", a, b, options);
}

/** `a * b`. */
export function multiply(statement: Statement, a: Value, b: Value, options: ArithmeticOptions): Scalar {
  return calculate(statement, "*", a, b, options);
}

/** `a / b`. */
export function divide(statement: Statement, a: Value, b: Value, options: ArithmeticOptions): Scalar {
  return calculate(statement, "/", a, b, options);
}

/** `a % b`: of integers only. */
export function modulo(statement: Statement, a: Value, b: Value, options: ArithmeticOptions): Scalar {
  return calculate(statement, "%", a, b, options);
}

/** `-a`. */
export function negate(statement: Statement, a: Value): Scalar {
  if (a.kind === "int") return withinInt(statement, `(-(${(a as Scalar).sql}))`);
  const value = asDouble(a);
  return { ...value, sql: `(-(${value.sql}))`, literal: undefined as never };
}

type Operator = "+" | "-" | "*" | "/" | "%";

function calculate(statement: Statement, operator: Operator, a: Value, b: Value, options: ArithmeticOptions): Scalar {
  const [left, right] = [numeric(a), numeric(b)];
  if (!left || !right) return failing("double");
  const isFloat = ({ kind, isAmbiguous }: Scalar) => kind === "double" && !isAmbiguous;
  // Integers and floating-point numbers do not mix, and of the latter there is no remainder.
  if (operator === "%" && (isFloat(left) || isFloat(right))) return failing("double");
  if (!left.isAmbiguous && !right.isAmbiguous && left.kind !== right.kind) return failing("double");
  if (left.isAmbiguous && right.isAmbiguous) {
    if (operator === "/" || operator === "%") {
      throw new CannotSay("the plan does not tell whether these numbers are integers or floating-point.");
    }
    return { ...onDoubles(statement, operator, left, right), isAmbiguous: true };
  }
  const kind = left.isAmbiguous
    ? kindBeside(right, options)
    : right.isAmbiguous
      ? kindBeside(left, options)
      : left.kind;
  return kind === "int" ? onInts(statement, operator, left, right) : onDoubles(statement, operator, left, right);
}

/** A number as it is; of an attribute, the floating-point one that JSON has. `undefined` when it can be none. */
function numeric(value: Value): Scalar | undefined {
  if (value.kind === "json") return asDouble(value);
  return isScalar(value) && isNumber(value) ? value : undefined;
}

/** What a whole number is beside another operand: CEL's type checker makes sure of it only where it knows that one's type. */
function kindBeside({ kind, isDynamic }: Scalar, { literalsFit }: ArithmeticOptions): Scalar["kind"] {
  if (isDynamic && !literalsFit) {
    throw new CannotSay(
      "the plan does not tell 1.0 from 1, which fails beside an attribute. If the policies write 1.0, say literalsFit: true.",
    );
  }
  return kind;
}

function onInts(statement: Statement, operator: Operator, a: Scalar, b: Scalar): Scalar {
  const [left, right] = [integer(a, b), integer(b, a)];
  switch (operator) {
    case "/":
      return withinInt(statement, `div(${left}, nullif(${right}, 0))`);
    case "%":
      // The quotient must fit too, though it is not asked for.
      return withinInt(
        statement,
        `CASE WHEN NOT (${left} = ${SMALLEST} AND ${right} = -1) THEN mod(${left}, nullif(${right}, 0)) END`,
      );
    default:
      return withinInt(statement, `(${left} ${operator} ${right})`);
  }
}

function integer(value: Scalar, beside: Scalar): string {
  if (value.kind === "int") return `(${value.sql})`;
  return `(${exact(value, beside).sql})::numeric`;
}

const SMALLEST = "(-9223372036854775808)";
const LARGEST = "9223372036854775807";

/** An integer, unless it has more than 64 bits. */
export function withinInt(statement: Statement, sql: string): Scalar {
  const checked = statement.bind([sql], (n) => `CASE WHEN ${n} BETWEEN ${SMALLEST} AND ${LARGEST} THEN ${n} END`);
  return fallible("int", checked);
}

function onDoubles(statement: Statement, operator: Operator, left: Scalar, right: Scalar): Scalar {
  const sql = statement.bind([`(${left.sql})`, `(${right.sql})`], (a, b) => {
    const isMissing = `${a} IS NULL OR ${b} IS NULL`;
    const isSpecial = `${a} IN ('NaN', 'Infinity', '-Infinity') OR ${b} IN ('NaN', 'Infinity', '-Infinity')`;
    const result = operator === "+" || operator === "-" ? sum(operator, a, b) : product(statement, operator, a, b);
    const byZero = operator === "/" ? `WHEN ${b} = 0 THEN ${byNothing(a, b)} ` : "";
    return `CASE WHEN ${isMissing} THEN NULL ${byZero}WHEN ${isSpecial} THEN ${a} ${operator} ${b} ELSE ${result} END`;
  });
  return {
    ...strict("double", [left, right], sql),
    mayBeNaN: operator === "/" || isUncertain(left) || isUncertain(right),
  };
}

/** Infinities, too, come from divisions, and make NaN of sums and products. */
function isUncertain({ mayBeNaN }: Scalar): boolean {
  return mayBeNaN === true;
}

/** A division by zero, whose sign counts. */
function byNothing(a: string, b: string): string {
  const sign = `CASE WHEN (${a} > 0) = (${b}::text = '0') THEN 'Infinity' ELSE '-Infinity' END`;
  return `CASE WHEN ${a} IN (0, 'NaN') THEN 'NaN' ELSE ${sign} END::float8`;
}

/** The half of what is infinite: 2^1023. Halves of large numbers are exact, and cannot overflow. */
const HALF_INFINITE = "8.98846567431158e307";

function sum(operator: string, a: string, b: string): string {
  const half = (n: string) => `CASE WHEN abs(${n}) < 1 THEN 0 ELSE ${n} * 0.5 END`;
  const halves = `((${half(a)}) ${operator} (${half(b)}))`;
  return (
    `CASE WHEN abs(${a}) < 1e300 AND abs(${b}) < 1e300 THEN ${a} ${operator} ${b} ` +
    `WHEN ${halves} >= ${HALF_INFINITE} THEN 'Infinity' WHEN ${halves} <= -${HALF_INFINITE} THEN '-Infinity' ELSE ${halves} * 2 END`
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
    if (value.kind !== "json") return failing("json");
    return fallible("json", `CASE WHEN jsonb_typeof(${value.sql}) = 'array' THEN ${value.sql} END`);
  });
  return strict("json", parts, `(${parts.map(({ sql }) => sql).join(" || ")})`);
}

function addJson(statement: Statement, a: Scalar, b: Scalar, options: ArithmeticOptions): Scalar {
  const sql = statement.bind([a.sql, b.sql], (left, right) => {
    const [x, y] = [fallible("json", left), fallible("json", right)];
    const strings = add(statement, asString(x), asString(y), options);
    const numbers = add(statement, asDouble(x), asDouble(y), options);
    const isList = `jsonb_typeof(${right}) = 'array'`;
    return (
      `CASE jsonb_typeof(${left}) WHEN 'string' THEN to_jsonb(${strings.sql}) ` +
      `WHEN 'number' THEN to_jsonb(${numbers.sql}) WHEN 'array' THEN CASE WHEN ${isList} THEN ${left} || ${right} END END`
    );
  });
  return { ...fallible("json", sql), isDynamic: true };
}
