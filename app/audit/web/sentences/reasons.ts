import type { SingleDecision } from "../../record/record.js";

/**
 * As what a rule of the policies of this project allows something, by its name. What is closer to the person comes first. Rules that
 * are not here are shown by their name.
 */
const ruleReasons: Readonly<Record<string, (of: SingleDecision) => string>> = {
  "owners-do-everything-with-their-own": () => "as its owner",
  "users-see-their-own-and-what-is-shared-with-them": ({ derivedRoles }) =>
    derivedRoles.includes("owner") ? "as its owner" : "as it is shared with them",
  "editors-change-what-is-shared-with-them": () => "as an editor of it",
  "managers-see-and-hand-over-what-their-reports-own": () => "as a manager of its owner",
  "managers-look-at-those-who-report-to-them": () => "as their manager",
  "managers-hand-over-what-their-reports-own": () => "as their manager",
  "users-see-what-is-their-teams": () => "as one of its team",
  "users-see-what-is-everyones": () => "as everyone may",
  "everyone-with-a-role-adds-contacts": () => "as everyone with a role may",
  "everyone-with-a-role-keeps-views-of-their-own": () => "as everyone with a role may",
  "everyone-with-contacts-finds-colleagues": () => "as everyone with contacts may",
  "auditors-and-admins-read-the-log": ({ principal }) =>
    principal?.roles.includes("auditor") ? "as an auditor" : "as an administrator",
  "admins-do-everything-with-any": () => "as an administrator",
  "admins-look-at-people-and-the-sync": () => "as an administrator",
  "admins-end-access": () => "as an administrator",
  "admins-hand-over-what-people-own": () => "as an administrator",
  "admins-steer-the-sync": () => "as an administrator",
};

/** What a person who has not got a derived role is not. */
const derivedRoleNouns: Readonly<Record<string, string>> = {
  owner: "its owner",
  editor: "an editor of it",
  viewer: "one it is shared with",
  teammate: "in its team",
  manager: "a manager of its owner",
};
/** Most derived roles of which a refusal says that the person did not have them. */
const MAX_ROLES_NAMED = 2;

/** The names of the rules whose reasons {@link allowedAs} has words for. */
export const rulesWithWords: readonly string[] = Object.keys(ruleReasons);

/**
 * As what a person was allowed something, such as `as its owner`: by the closest of the rules that allowed it, or by the name of one
 * without words. `null` when the PDP has named none.
 */
export function allowedAs(record: SingleDecision): string | null {
  const { rules } = record;
  const closest = rulesWithWords.find((rule) => rules.includes(rule));
  if (closest !== undefined) return ruleReasons[closest]?.(record) ?? null;
  const [other] = [...rules].sort();
  return other === undefined ? null : `by the rule ${other}`;
}

/**
 * What a person was not, who was refused something: `neither its owner nor an editor of it`. These are the derived roles that
 * their own roles could have had, as the explanation says. `null` when it is not that, or too much to name.
 */
export function refusedAsNot({ explanation }: SingleDecision): string | null {
  if (!explanation?.agrees) return null;
  const lacking = explanation.derivedRoles.filter(({ hasParentRole }) => hasParentRole).map(({ name }) => name);
  const nouns = lacking.flatMap((name) =>
    Object.hasOwn(derivedRoleNouns, name) ? (derivedRoleNouns[name] ?? []) : [],
  );
  if (nouns.length === 0 || nouns.length < lacking.length || nouns.length > MAX_ROLES_NAMED) return null;
  return nouns.length === 1 ? `not ${nouns[0]}` : `neither ${nouns.join(" nor ")}`;
}
