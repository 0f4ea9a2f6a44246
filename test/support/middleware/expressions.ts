import type { Operator } from "../../../middleware/filter/operators.js";
import type { Expression, Value } from "../../../middleware/index.js";

/* Conditions of query plans, written by hand. */

/** `R.attr.a.b` is `attribute("a", "b")`. */
export function attribute(...path: string[]): Expression {
  return { type: "attribute", path };
}

export function literal(value: Value): Expression {
  return { type: "literal", value };
}

export function call(operator: Operator, ...operands: Expression[]): Expression {
  return { type: "call", operator, operands, mayBeRule: false };
}
