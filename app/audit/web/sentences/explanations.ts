import type { DerivedRoleExplanation, FailedExpression, RuleExplanation } from "../../record/explanation.js";
import type { SingleDecision } from "../../record/record.js";
import { nounsOf } from "./nouns.js";

/**
 * The explanation of a denial in words: for each rule and derived role, what kept it from applying. `null` when the
 * record has no explanation.
 */
export function explanationText({ explanation, resource: { kind }, action }: SingleDecision) {
  if (!explanation) return null;
  const { one } = nounsOf(kind, action);
  const { policy, rules, derivedRoles, agrees } = explanation;
  return {
    policy,
    agrees,
    denying: rules.filter(({ effect, applied }) => effect === "deny" && applied).map(({ name }) => name),
    rules: rules
      .filter(({ effect, applied }) => effect === "allow" && !applied)
      .map((rule) => ({
        name: rule.name,
        text: ruleText(rule, one),
        failed: rule.failed.map((failed) => failedText(failed, one)),
      })),
    derivedRoles: derivedRoles.map((role) => ({
      name: role.name,
      text: derivedRoleText(role),
      failed: role.failed.map((failed) => failedText(failed, one)),
    })),
  };
}

function ruleText({ roles, derivedRoles, missing, failed }: RuleExplanation, noun: string): string {
  const audience = [
    roles.includes("*")
      ? "everybody"
      : roles.length > 0 && `the ${roles.length === 1 ? "role" : "roles"} ${list(roles)}`,
    derivedRoles.length > 0 && `the derived ${derivedRoles.length === 1 ? "role" : "roles"} ${list(derivedRoles)}`,
  ].filter(Boolean);
  const isFor = `It is for ${audience.join(" or ")}`;
  if (missing === "role") {
    const several = roles.length + derivedRoles.length > 1;
    const lacking = `${isFor}, and the person ${several ? "had none of them" : "did not have it"}.`;
    return failed.length > 0 ? `${lacking} Its condition did not hold either:` : lacking;
  }
  if (missing === "resource") return `${isFor}. Whether it applies only a particular ${noun} could tell.`;
  return `${isFor}, which the person had, but its condition did not hold:`;
}

function derivedRoleText({ parentRoles, hasParentRole, failed }: DerivedRoleExplanation): string {
  const needs = parentRoles.includes("*")
    ? "It needs no other role"
    : `It needs the role ${list(parentRoles)}, which the person ${hasParentRole ? "had" : "did not have"}`;
  if (failed.length === 0) return `${needs}.`;
  return `${needs}, ${hasParentRole ? "but" : "and"} its condition did not hold:`;
}

function failedText({ expression, because }: FailedExpression, noun: string) {
  const texts: Readonly<Record<FailedExpression["because"], string>> = {
    false: "was not true",
    true: "was true, and must not be",
    error: "could not be evaluated: an attribute was missing, or of another type",
    unknown: `is about a particular ${noun}, and the question was about all of them`,
  };
  return { expression, text: texts[because] };
}

/** `a, b or c` */
function list(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
