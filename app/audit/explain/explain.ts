import type { DerivedRoleExplanation, Explanation, RuleExplanation } from "../record/explanation.js";
import { bindingsOf } from "./cel/bindings.js";
import { type ConditionResult, evaluateCondition } from "./cel/condition.js";
import { Evaluation } from "./cel/evaluation.js";
import { every, not, some } from "./cel/three-valued-logic.js";
import type { DeniedDecision } from "./denied-decision.js";
import { type DerivedRoleResult, DerivedRoles } from "./derived-roles.js";
import type { Policy, Rule } from "./policy/policy.js";

/**
 * Evaluates the rules for an action, and says what kept each from applying.
 *
 * @throws Error when an attribute cannot be read, or there are too many
 */
export function explain(policy: Policy, decision: DeniedDecision): Explanation {
  const { principal, kind, resource, action } = decision;
  const bindings = bindingsOf(principal, kind, resource);
  const derivedRoles = new DerivedRoles(policy, bindings, decision);
  const evaluation = new Evaluation(bindings, policy.definitions, () => derivedRoles.effective());
  const evaluated = policy.rules
    .filter((rule) => rule.isFor(action))
    .map((rule) => ({ rule, condition: evaluateCondition(rule.condition, evaluation) }));

  /**
   * The PDP decides for each role alone, and one that is allowed is enough: a denial of another role does not count.
   */
  const allowedByRole = principal.roles.map((role) => {
    const applies = (effect: Rule["effect"]) =>
      some(
        evaluated
          .filter(({ rule }) => rule.effect === effect)
          .map(({ rule, condition }) => every([derivedRoles.matches(role, rule), condition.holds])),
      );
    return every([applies("allow"), not(applies("deny"))]);
  });

  const names = [...new Set(evaluated.flatMap(({ rule }) => rule.derivedRoles))];
  const results = names.map((name) => derivedRoles.result(name)).filter((result) => result !== undefined);
  return {
    policy: policy.name,
    rules: evaluated.map(({ rule, condition }) => ruleExplanation(rule, condition)),
    derivedRoles: results.filter(({ isEffective }) => isEffective !== true).map(derivedRoleExplanation),
    agrees:
      some(allowedByRole) !== true && results.length === names.length && (!resource || results.every(isAsAtThePdp)),
  };

  function ruleExplanation(rule: Rule, condition: ConditionResult): RuleExplanation {
    const hasRole = some(principal.roles.map((role) => derivedRoles.matches(role, rule)));
    const applied = every([hasRole, condition.holds]) === true;
    const { name, effect, roles } = rule;
    return {
      name,
      effect,
      applied,
      roles,
      derivedRoles: rule.derivedRoles,
      missing: missing(),
      failed: failedIn(condition),
    };

    function missing(): RuleExplanation["missing"] {
      if (applied) return null;
      if (hasRole === false) return "role";
      return condition.holds === false || bindings.hasResource ? "condition" : "resource";
    }
  }

  function isAsAtThePdp({ role, isEffective }: DerivedRoleResult): boolean {
    return isEffective === undefined || isEffective === decision.derivedRoles.includes(role.name);
  }
}

function derivedRoleExplanation({ role, hasParentRole, condition }: DerivedRoleResult): DerivedRoleExplanation {
  const { name, parentRoles } = role;
  return { name, parentRoles, hasParentRole, failed: failedIn(condition) };
}

function failedIn({ holds, failed }: ConditionResult) {
  return holds ? [] : failed(true);
}
