import type { DirectoryFacts, Person } from "../../auth/claims.js";
import { principalAttributes } from "./attributes.js";
import { type DirectoryRules, grantsOf, rolesOf } from "./roles.js";
import { isActive } from "./statuses.js";
import type { StoredUser } from "./store.js";

/** What decisions about a user go by, and what of that is shown. */
export type Facts = Pick<Person, "name" | "email" | "emailIsVerified" | "department" | "groups" | "roles"> &
  Omit<DirectoryFacts, "asOf">;

/** What the directory says of a user. */
export interface KnownFacts {
  /** Okta has not been asked for the user, or not for the groups or for all attributes. */
  readonly isUnread: boolean;
  /** `null`: the user is not active, or unread. */
  readonly facts: Facts | null;
}

/** What is stored of a user is what decisions go by. @param rules - how a user becomes a principal */
export function factsOf(user: Omit<StoredUser, "version" | "isThere">, rules: DirectoryRules): KnownFacts {
  const { name, email, emailIsVerified, department, timeZone, status, isGone, groups } = user;
  const canLogIn = !isGone && isActive(status);
  const { areRead, ...profile } = principalAttributes(user.attributes, rules.attributes);
  if (!canLogIn || !user.areGroupsKnown || !areRead) {
    return { isUnread: canLogIn || (!isGone && status === null), facts: null };
  }
  const grants = grantsOf(groups, rules);
  const names = [...new Set(groups.map((group) => group.name))];
  const shown = { name: name || email, email, emailIsVerified, department, groups: names };
  return { isUnread: false, facts: { ...shown, roles: rolesOf(grants, profile), ...profile, grants, timeZone } };
}
