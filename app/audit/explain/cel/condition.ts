import type { Failed } from "../../record/explanation.js";
import type { Match } from "../policy/policy-file.js";
import { type Evaluation, truthOf } from "./evaluation.js";
import { compile, type Expression } from "./expression.js";
import { every, not, some, type Truth } from "./three-valued-logic.js";

/** A condition, ready to be evaluated. */
export type Condition = Expression | { readonly operator: "all" | "any" | "none"; readonly of: readonly Condition[] };

/** What came of a condition. */
export interface Judgement {
  readonly truth: Truth;
  /** The expressions because of which it is not so. */
  readonly failed: (wanted: boolean) => readonly Failed[];
}

/** No condition at all. */
const ALWAYS: Judgement = { truth: true, failed: () => [] };

export function conditionOf(match: Match): Condition {
  if ("expr" in match) return compile(match.expr);
  if ("all" in match) return { operator: "all", of: match.all.of.map(conditionOf) };
  if ("any" in match) return { operator: "any", of: match.any.of.map(conditionOf) };
  return { operator: "none", of: match.none.of.map(conditionOf) };
}

export function judge(condition: Condition | undefined, evaluation: Evaluation): Judgement {
  if (!condition) return ALWAYS;
  if ("text" in condition) {
    const outcome = evaluation.outcome(condition);
    const failed = { expression: condition.text, because: outcome === "unsupported" ? "error" : outcome } as const;
    return { truth: truthOf(outcome), failed: () => [failed] };
  }
  const { operator, of } = condition;
  const parts = of.map((part) => judge(part, evaluation));
  const truths = parts.map(({ truth }) => truth);
  return {
    truth: operator === "all" ? every(truths) : operator === "any" ? some(truths) : not(some(truths)),
    failed: (wanted) => {
      const wantedOfParts = operator === "none" ? !wanted : wanted;
      return parts.filter(({ truth }) => truth !== wantedOfParts).flatMap((part) => part.failed(wantedOfParts));
    },
  };
}
