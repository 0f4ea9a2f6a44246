import assert from "node:assert/strict";
import type { Explanation, RuleExplanation } from "../../../app/audit/record/explanation.js";

/** The explanation of a rule, which must be there. */
export function ruleIn(explanation: Explanation | null, name: string): RuleExplanation {
  const found = explanation?.rules.find((rule) => rule.name === name);
  assert(found, `there is no rule ${name} in ${JSON.stringify(explanation)}`);
  return found;
}
