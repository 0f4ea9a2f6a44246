import { UnsupportedPlanError } from "../errors.js";
import { attributeIn, type Expression, type Filter } from "../filter/filter.js";
import type { Scalar } from "./value/types.js";

/**
 * Makes sure that a filter says what a PDP decides that evaluates strictly (`engine.strictEvaluation`). There, a
 * condition that fails denies the action, whatever other rules say. Plans join rules and the parts of blocks with the
 * `and` and `or` of expressions, where a part that is decided makes up for one that fails. The meanings differ where one
 * part allows and another may fail.
 *
 * @param translate - makes SQL of a part, which tells whether it may fail
 * @throws {@link UnsupportedPlanError} where they differ, or where the plan does not show the conditions that allow
 * @see https://docs.cerbos.dev/cerbos/latest/configuration/engine#strict_evaluation
 */
export function assertStrictlyDecided(filter: Filter, translate: (part: Expression) => Scalar): void {
  if (filter.decision === "denied") return;
  if (filter.decision === "allowed" || !showsWhatAllows(filter.condition)) {
    const reason = "under strictEvaluation, another rule that fails would deny, and the plan does not show it.";
    throw new UnsupportedPlanError("a rule that allows every row", "", reason);
  }
  assertDecided(filter.condition, true, translate);
}

/** Whether the conditions of the rules that allow are in a plan. Otherwise one of these rules holds for every row. */
function showsWhatAllows(part: Expression): boolean {
  if (part.type !== "call") return true;
  if (part.operator === "not") return false;
  if (part.operator === "or") return part.operands.every(showsWhatAllows);
  return part.operator !== "and" || part.operands.some(showsWhatAllows);
}

function assertDecided(part: Expression, isAllowing: boolean, translate: (part: Expression) => Scalar): void {
  if (part.type !== "call") return;
  const { operator, operands } = part;
  if (operator !== "and" && operator !== "or" && operator !== "not") return;
  const absorbing = isAllowing ? "or" : "and";
  for (const operand of operands) {
    if (operator !== absorbing) assertDecided(operand, operator === "not" ? !isAllowing : isAllowing, translate);
    else if (translate(operand).nulls !== "never") {
      const reason = "under strictEvaluation, the rule or block denies where one of its parts fails.";
      throw new UnsupportedPlanError(operator, attributeIn(operand), reason);
    }
  }
}
