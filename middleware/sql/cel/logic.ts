import type { SqlOptions } from "../columns.js";
import { NotExpressible } from "../not-expressible.js";
import type { Statement } from "../statement.js";
import { factsOf, has } from "../value/facts.js";
import { asJson } from "../value/json.js";
import { asBoolean, asString } from "../value/narrowing.js";
import { isScalar, type Scalar, type Value } from "../value/types.js";
import { certain, collated, strict } from "../value/value.js";
import { asInteger } from "./equality.js";

/*
 * CEL's logic, in which a decided operand makes up for one that fails: just what SQL's does with NULL (CEL
 * specification, "Logical Operators").
 */

/** `a && b && ...`. */
export function and(operands: readonly Value[]): Scalar {
  return joined("AND", operands);
}

/** `a || b || ...`. */
export function or(operands: readonly Value[]): Scalar {
  return joined("OR", operands);
}

function joined(operator: "AND" | "OR", operands: readonly Value[]): Scalar {
  const conditions = operands.map(asBoolean);
  return strict("boolean", conditions, `(${conditions.map(({ sql }) => sql).join(` ${operator} `)})`);
}

/** `!a`, or what a rule makes of a condition; the two differ where the condition fails. */
export function not(operand: Value, meaning: NonNullable<SqlOptions["negations"]>): Scalar {
  const condition = asBoolean(operand);
  if (meaning === "expressions") assertOrdered(condition);
  if (condition.nulls === "never" || meaning === "expressions") {
    return strict("boolean", [condition], `(NOT ${condition.sql})`);
  }
  if (meaning === "rules") return certain("boolean", `((${condition.sql}) IS NOT TRUE)`);
  throw new NotExpressible(
    'the plan does not tell ! from a "none" block or a rule with EFFECT_DENY, which differ where the condition fails. ' +
      'Map columns that have no NULL with nulls: "never", or say negations: "expressions" or "rules".',
  );
}

/**
 * Makes sure that it does not matter whether a condition fails or is false.
 *
 * @throws NotExpressible where releases of the PDP differ in that
 */
export function assertOrdered(value: Value): void {
  if (!has(value, "unordered")) return;
  throw new NotExpressible(
    "it asks for the order of what may be no number, such as 0.0 / 0.0: that fails up to PDP 0.54, and is false later.",
  );
}

/** `condition ? a : b`. */
export function choose(statement: Statement, condition: Value, a: Value, b: Value): Scalar {
  const chosen = asBoolean(condition);
  assertOrdered(chosen);
  const [left, right] = alike(statement, a, b);
  const otherwise = left.kind === "string" ? collated(right) : right.sql;
  const sql = `CASE ${chosen.sql} WHEN TRUE THEN ${left.sql} WHEN FALSE THEN ${otherwise} END`;
  return { ...strict(left.kind, [chosen, left, right], sql), facts: factsOf([left, right]) };
}

/** Two values in one SQL type, in which NULL can only be a failure. */
function alike(statement: Statement, a: Value, b: Value): [Scalar, Scalar] {
  if (isScalar(a) && isScalar(b) && a.nulls !== "null" && b.nulls !== "null") {
    if (a.kind === "string" && b.kind === "string") return [asString(a), asString(b)];
    if (a.kind === b.kind) return [a, b];
    // Beside an integer, CEL's type checker lets a whole number be nothing else.
    if (a.kind === "int" && has(b, "ambiguous")) return [a, asInteger(statement, b, a)];
    if (b.kind === "int" && has(a, "ambiguous")) return [asInteger(statement, a, b), b];
    if (a.kind === "int" || b.kind === "int") {
      throw new NotExpressible("whether the result is an integer is not known before it is.");
    }
  }
  return [asJson(statement, a), asJson(statement, b)];
}
