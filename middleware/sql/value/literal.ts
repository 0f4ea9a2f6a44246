import type { Value as Json } from "../../json.js";
import type { Statement } from "../statement.js";
import { assertFinite, assertHoldable, factsOfNumbers, hasNegativeZero, hasNul } from "./constants.js";
import type { Fact, List, Scalar, Value } from "./types.js";
import { certain, failing } from "./value.js";

/** A constant. */
export function literalValue(statement: Statement, literal: Json): Value {
  switch (typeof literal) {
    case "string":
      return { ...certain("string", hasNul(literal) ? "NULL::text" : statement.parameter(literal, "text")), literal };
    case "number":
      assertFinite(literal);
      return literalNumber(statement, literal);
    case "boolean":
      return { ...certain("boolean", literal ? "TRUE" : "FALSE"), literal };
    default:
      if (literal === null) return { ...failing("null"), nulls: "null", literal };
      if (Array.isArray(literal)) return literalList(statement, literal);
      assertHoldable(literal);
      return { ...partOfLiteral(statement.parameter(JSON.stringify(literal), "jsonb"), literal), literal };
  }
}

function literalNumber(statement: Statement, literal: number): Scalar {
  // Drivers lose the sign of zero.
  const sql = statement.parameter(Object.is(literal, -0) ? "-0" : literal, "float8");
  return { ...certain("double", sql), facts: new Set(factsOfNumbers(literal)), literal };
}

/** A constant list. */
function literalList(statement: Statement, literal: readonly Json[]): List {
  const name = statement.alias();
  const areStrings = literal.every((element) => typeof element === "string");
  const element = areStrings ? certain("string", `${name}.v`) : partOfLiteral(`${name}.v`, literal);
  return {
    kind: "list",
    // One that PostgreSQL cannot hold may still be one that something is in or not, for which it is not selected from.
    get from() {
      assertHoldable(literal);
      const json = statement.parameter(JSON.stringify(literal), "jsonb");
      return `jsonb_array_elements${areStrings ? "_text" : ""}(${json}) WITH ORDINALITY AS ${name}(v, i)`;
    },
    where: "TRUE",
    order: `${name}.i`,
    place: `(${name}.i - 1)`,
    element,
    fails: undefined,
    literal,
  };
}

/** A constant as JSON, or whichever of its elements. */
function partOfLiteral(sql: string, literal: Json): Scalar {
  assertFinite(literal);
  const facts: Fact[] = ["dynamic", ...factsOfNumbers(literal)];
  if (hasNegativeZero(literal)) facts.push("unsigned");
  return { ...certain("json", sql), facts: new Set(facts) };
}
