import type { FailedExpression } from "../../record/explanation.js";
import { type Evaluation, truthValueOf } from "./evaluation.js";
import { compile, type Expression } from "./expression.js";
import type { Match } from "./match.js";
import { every, not, some, type TruthValue } from "./three-valued-logic.js";

/** A condition, compiled. */
export type Condition = Expression | { readonly operator: "all" | "any" | "none"; readonly of: readonly Condition[] };

/** The result of a condition. */
export interface ConditionResult {
  readonly holds: TruthValue;
  /** The expressions because of which the result is not the wanted one. */
  readonly failed: (wanted: boolean) => readonly FailedExpression[];
}

/** The result of a rule without a condition. */
const UNCONDITIONAL: ConditionResult = { holds: true, failed: () => [] };

export function compileCondition(match: Match): Condition {
  if ("expr" in match) return compile(match.expr);
  if ("all" in match) return { operator: "all", of: match.all.of.map(compileCondition) };
  if ("any" in match) return { operator: "any", of: match.any.of.map(compileCondition) };
  return { operator: "none", of: match.none.of.map(compileCondition) };
}

export function evaluateCondition(condition: Condition | undefined, evaluation: Evaluation): ConditionResult {
  if (!condition) return UNCONDITIONAL;
  if ("text" in condition) {
    const outcome = evaluation.outcome(condition);
    const failed = { expression: condition.text, because: outcome === "unsupported" ? "error" : outcome } as const;
    return { holds: truthValueOf(outcome), failed: () => [failed] };
  }
  const { operator, of } = condition;
  const results = of.map((operand) => evaluateCondition(operand, evaluation));
  const values = results.map(({ holds }) => holds);
  return {
    holds: operator === "all" ? every(values) : operator === "any" ? some(values) : not(some(values)),
    failed: (wanted) => {
      const wantedOfOperands = operator === "none" ? !wanted : wanted;
      return results
        .filter(({ holds }) => holds !== wantedOfOperands)
        .flatMap((result) => result.failed(wantedOfOperands));
    },
  };
}
