import type { DerivedRoleExplanation, FailedExpression, RuleExplanation } from "../record/explanation.js";
import type { DecisionRecord } from "../record/record.js";

/** What was missing for a decision to be another one, in words. */
export type Missing = NonNullable<ReturnType<typeof missingOf>>;

/** Says of each rule and derived role what kept it from applying; `null` where there is nothing to explain. */
export function missingOf({ explanation, resource: { kind } }: DecisionRecord) {
  if (!explanation) return null;
  const { policy, rules, derivedRoles, agrees } = explanation;
  return {
    policy,
    agrees,
    denying: rules.filter(({ effect, applied }) => effect === "deny" && applied).map(({ name }) => name),
    rules: rules
      .filter(({ effect, applied }) => effect === "allow" && !applied)
      .map((rule) => ({
        name: rule.name,
        words: wordsOf(rule, kind),
        failed: rule.failed.map((each) => failure(each, kind)),
      })),
    derivedRoles: derivedRoles.map((role) => ({
      name: role.name,
      words: needsOf(role),
      failed: role.failed.map((each) => failure(each, kind)),
    })),
  };
}

function wordsOf({ roles, derivedRoles, missing, failed }: RuleExplanation, kind: string): string {
  const those = [
    roles.includes("*")
      ? "everybody"
      : roles.length > 0 && `the ${roles.length === 1 ? "role" : "roles"} ${list(roles)}`,
    derivedRoles.length > 0 && `the derived ${derivedRoles.length === 1 ? "role" : "roles"} ${list(derivedRoles)}`,
  ].filter(Boolean);
  const isFor = `It is for ${those.join(" or ")}`;
  if (missing === "role") {
    const several = roles.length + derivedRoles.length > 1;
    const lacking = `${isFor}, and the person ${several ? "had none of them" : "did not have it"}.`;
    return failed.length > 0 ? `${lacking} Its condition did not hold either:` : lacking;
  }
  if (missing === "resource") return `${isFor}. Whether it applies only a particular ${kind} could tell.`;
  return `${isFor}, which the person had, but its condition did not hold:`;
}

function needsOf({ parentRoles, hasParentRole, failed }: DerivedRoleExplanation): string {
  const role = parentRoles.includes("*")
    ? "It needs no other role"
    : `It needs the role ${list(parentRoles)}, which the person ${hasParentRole ? "had" : "did not have"}`;
  if (failed.length === 0) return `${role}.`;
  return `${role}, ${hasParentRole ? "but" : "and"} its condition did not hold:`;
}

function failure({ expression, because }: FailedExpression, kind: string) {
  const words: Readonly<Record<FailedExpression["because"], string>> = {
    false: "was not true",
    true: "was true, and must not be",
    error: "could not be evaluated: an attribute was missing, or of another type",
    unknown: `is about a particular ${kind}, and the question was about all of them`,
  };
  return { expression, words: words[because] };
}

/** `a, b or c` */
function list(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
