import { NotExpressible } from "../not-expressible.js";
import type { Statement } from "../statement.js";
import { factsOf, has, without } from "../value/facts.js";
import { asBoolean, asDouble, asString } from "../value/narrowing.js";
import { isScalar, type Scalar, type Value } from "../value/types.js";
import { dynamic, failing, fallible, strict } from "../value/value.js";
import { withinInt } from "./arithmetic.js";
import { assertExact } from "./equality.js";

/*
 * Conversions between types, with Go's rules for text (CEL specification, "Type Conversion"). What cannot be converted
 * fails.
 */

/** `string(value)`. */
export function toText(statement: Statement, value: Value): Scalar {
  switch (value.kind) {
    case "string":
      return asString(value);
    case "boolean":
      return strict(
        "string",
        [value as Scalar],
        `CASE ${(value as Scalar).sql} WHEN TRUE THEN 'true' WHEN FALSE THEN 'false' END`,
      );
    case "int":
      return strict("string", [value as Scalar], `(${(value as Scalar).sql})::text`);
    case "double":
      return doubleToText(statement, value as Scalar);
    case "json":
      return ofJson(statement, value as Scalar, toText);
    case "duration":
      return durationToText(statement, value as Scalar);
    case "timestamp":
    case "hierarchy":
      throw new NotExpressible(`the text of a ${value.kind} is not known in SQL.`);
    default:
      return failing("string");
  }
}

/** In Go's shortest form, which has an exponent from a million on; PostgreSQL's has one only from 1e15 on. */
function doubleToText(statement: Statement, value: Scalar): Scalar {
  if (has(value, "ambiguous"))
    throw new NotExpressible("the plan does not tell 1.0 from 1, whose texts differ from a million on.");
  if (has(value, "unsigned")) throw new NotExpressible("the sign of a zero is not known in JSON.");
  const sql = statement.bind([value.sql], (n) => {
    const digits = `replace(ltrim(${n}::text, '-'), '.', '')`;
    const exponent = `length(split_part(ltrim(${n}::text, '-'), '.', 1)) - 1`;
    const mantissa = `rtrim(left(${digits}, 1) || '.' || rtrim(substr(${digits}, 2), '0'), '.')`;
    return (
      `CASE WHEN ${n} = 'Infinity' THEN '+Inf' WHEN ${n} = '-Infinity' THEN '-Inf' ` +
      `WHEN abs(${n}) >= 1e6 AND abs(${n}) < 1e15 ` +
      `THEN CASE WHEN ${n} < 0 THEN '-' ELSE '' END || ${mantissa} || 'e+' || lpad((${exponent})::text, 2, '0') ELSE ${n}::text END`
    );
  });
  return strict("string", [value], sql);
}

/** In seconds, as the floating-point number that Go makes of them. */
function durationToText(statement: Statement, value: Scalar): Scalar {
  const sql = statement.bind([value.sql], (n) => {
    const seconds = `(trunc(${n} / 1000000000)::float8 + mod(${n}, 1000000000)::float8 / 1e9)`;
    return `trim_scale(${seconds}::text::numeric)::text || 's'`;
  });
  return strict("string", [value], `(${sql})`);
}

/** `int(value)`: towards zero. */
export function toInt(statement: Statement, value: Value): Scalar {
  switch (value.kind) {
    case "int":
      return value as Scalar;
    case "double":
      return doubleToInt(statement, value as Scalar);
    case "string": {
      const { sql } = asString(value);
      const parsed = statement.bind(
        [sql],
        (s) => `CASE WHEN ${s} ~ '^[+-]?[0-9]+$' AND char_length(${s}) < 1000 THEN ${s}::numeric END`,
      );
      return withinInt(statement, parsed);
    }
    case "timestamp":
      return strict("int", [value as Scalar], `floor(${(value as Scalar).sql} / 1000000000)`);
    case "json":
      return ofJson(statement, value as Scalar, toInt);
    default:
      return failing("int");
  }
}

function doubleToInt(statement: Statement, value: Scalar): Scalar {
  assertExact(value);
  const converted = statement.bind(
    [value.sql],
    (n) => `CASE WHEN ${n} > -9223372036854775808 AND ${n} < 9223372036854775807 THEN trunc(${n})::bigint::numeric END`,
  );
  return fallible("int", converted);
}

/** `double(value)`. */
export function toDouble(statement: Statement, value: Value): Scalar {
  switch (value.kind) {
    case "double":
      return { ...(value as Scalar), facts: without((value as Scalar).facts, "ambiguous", "large", "dynamic") };
    case "int":
      return strict("double", [value as Scalar], `(${(value as Scalar).sql})::float8`);
    case "string":
      return textToDouble(statement, asString(value));
    case "json":
      return ofJson(statement, value as Scalar, toDouble);
    default:
      return failing("double");
  }
}

// Underscores stand between digits, or behind 0x.
const DECIMAL = "'^[+-]?([0-9]+(_[0-9]+)*([.]([0-9]+(_[0-9]+)*)?)?|[.][0-9]+(_[0-9]+)*)([eE][+-]?0*[0-9]{1,4})?$'";
// PostgreSQL reads hexadecimal numbers as Go does; those with larger exponents could be none to it.
const HEXADECIMAL =
  "'^[+-]?0[xX](_?[0-9a-fA-F]+(_[0-9a-fA-F]+)*([.]([0-9a-fA-F]+(_[0-9a-fA-F]+)*)?)?|[.][0-9a-fA-F]+(_[0-9a-fA-F]+)*)[pP][+-]?[0-8]?[0-9]{1,2}$'";
/** From here on a number is rounded to what is infinite: half a unit above the largest. */
const ROUNDS_TO_INFINITY = String(2n ** 1024n - 2n ** 970n);

/** Numbers of more than 1,000 characters count as none. */
function textToDouble(statement: Statement, { sql }: Scalar): Scalar {
  const parsed = statement.bind([sql, `replace(${sql}, '_', '')`], (text, s) => {
    const name = `translate(${s}, 'INFTYA', 'inftya')`;
    return [
      `CASE WHEN char_length(${text}) >= 1000 THEN NULL`,
      `WHEN ${name} IN ('inf', '+inf', 'infinity', '+infinity') THEN CASE WHEN ${text} = ${s} THEN 'Infinity'::float8 END`,
      `WHEN ${name} IN ('-inf', '-infinity') THEN CASE WHEN ${text} = ${s} THEN '-Infinity'::float8 END`,
      `WHEN ${name} = 'nan' THEN CASE WHEN ${text} = ${s} THEN 'NaN'::float8 END`,
      `WHEN ${text} ~ ${HEXADECIMAL} AND char_length(${s}) < 30 THEN ${s}::float8`,
      `WHEN ${text} ~ ${DECIMAL} THEN CASE WHEN abs(${s}::numeric) >= ${ROUNDS_TO_INFINITY} THEN NULL`,
      `WHEN abs(${s}::numeric) < 2.5e-324 THEN CASE WHEN ${s} LIKE '-%' THEN '-0'::float8 ELSE 0 END ELSE ${s}::float8 END END`,
    ].join(" ");
  });
  return { ...fallible("double", parsed), facts: new Set(["infinite", "nan"]) };
}

/** `bool(value)`. */
export function toBoolean(statement: Statement, value: Value): Scalar {
  switch (value.kind) {
    case "boolean":
      return asBoolean(value);
    case "string":
      return fallible(
        "boolean",
        statement.bind(
          [asString(value).sql],
          (s) =>
            `CASE WHEN ${s} IN ('1', 't', 'T', 'TRUE', 'true', 'True') THEN TRUE WHEN ${s} IN ('0', 'f', 'F', 'FALSE', 'false', 'False') THEN FALSE END`,
        ),
      );
    case "json":
      return ofJson(statement, value as Scalar, toBoolean);
    default:
      return failing("boolean");
  }
}

/** A conversion of JSON: that of whichever type it is. */
function ofJson(statement: Statement, value: Scalar, convert: (statement: Statement, value: Value) => Scalar): Scalar {
  const parts = [asString, asDouble, asBoolean].map((part) => convert(statement, part(value)));
  const [{ kind }] = parts as [Scalar];
  // At most one of them is not NULL.
  const result = fallible(kind, `coalesce(${parts.map(({ sql }) => sql).join(", ")})`);
  return { ...result, facts: without(factsOf(parts), "dynamic", "ambiguous", "large") };
}

/** `dyn(value)`: the value, of whose type nothing is known beforehand. */
export function toDynamic(value: Value): Value {
  return isScalar(value) ? dynamic(value) : value;
}
