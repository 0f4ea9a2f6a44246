import { principalAttributes } from "../lookup/attributes.js";
import { type DirectoryRules, type Group, grantsOf, type NoRoleReason, rolesOf, whyNoRole } from "../lookup/roles.js";
import { isActive } from "../lookup/statuses.js";
import type { DirectoryPerson, ListedPerson } from "./store.js";

/** How users of the directory become principals; `undefined`: people come from logins. */
export type Rules = DirectoryRules | undefined;

/** A group of a person's, and what it gives to those who may have roles. */
export interface GroupOfPerson extends Group {
  readonly roles: readonly string[];
  /** Why it gives none; `null`: it gives some. */
  readonly noRole: NoRoleReason | null;
}

/**
 * What decisions about a person are made by. There are no roles without a status that lets them work here, as long as not all
 * of their groups and attributes have been read, or with an attribute that policies cannot rely on.
 */
function principalOf({ status, areGroupsKnown, groups, attributes: stored }: ListedPerson, rules: DirectoryRules) {
  const { attributes, unusable, areRead } = principalAttributes(stored, rules.attributes);
  const isRead = areGroupsKnown && areRead;
  const grants = isActive(status) && isRead && unusable.length === 0 ? grantsOf(groups, rules) : [];
  return { attributes, unusable, isRead, grants, roles: rolesOf(grants, { unusable }) };
}

/** A person of the list, as JSON. The page shows the same. */
export function listedJson(person: ListedPerson, rules: Rules) {
  const { id, name, email, login, title, department, status, goneAt, rolesOfLogin, seenAt } = person;
  if (!rules) return { id, name, email, department, roles: rolesOfLogin, seenAt };
  const { roles } = principalOf(person, rules);
  return { id, name, email, login, title, department, status, mayWork: isActive(status), goneAt, roles };
}

/** All of a person, as JSON. Their page shows the same. */
export function personJson(person: DirectoryPerson, rules: Rules) {
  const { manager, managerInOkta, reports, emailIsVerified, readAt, erasedAt, version, changedAtVersion, asOf } =
    person;
  const shared = { ...listedJson(person, rules), emailIsVerified, erasedAt };
  if (!rules) return { source: "logins", ...shared };
  const groups = person.groups.map(
    (group): GroupOfPerson => ({
      ...group,
      roles: rolesOf(grantsOf([group], rules), { unusable: [] }),
      noRole: whyNoRole(group, rules) ?? null,
    }),
  );
  const { attributes, unusable, isRead, grants } = principalOf(person, rules);
  const hierarchy = { manager, managerInOkta, reports };
  const decidedBy = { attributes, unusable, isRead, groups, grants };
  return { source: "okta", ...shared, ...hierarchy, ...decidedBy, readAt, version, changedAtVersion, asOf };
}
