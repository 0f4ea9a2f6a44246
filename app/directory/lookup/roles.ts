import { type RoleGrant, rolesFrom } from "../../auth/claims.js";
import type { ClaimRules } from "../../config.js";
import type { PrincipalAttributes } from "./attributes.js";

/** How a user of the directory becomes a principal. */
export interface DirectoryRules extends Pick<ClaimRules, "roleMap"> {
  /** The names of the profile attributes that policies see besides the department. */
  readonly attributes: readonly string[];
}

/** A group of Okta's that a user is in. */
export interface Group {
  readonly id: string;
  readonly name: string;
  /** `OKTA_GROUP`, `APP_GROUP` or `BUILT_IN`, or what Okta adds to them. */
  readonly type: string;
}

/** The types of the groups that administrators of Okta name. Those of other types are named by other applications. */
const TYPES_NAMED_IN_OKTA: ReadonlySet<string> = new Set(["OKTA_GROUP", "BUILT_IN"]);

/**
 * What ids of Okta's groups look like. A name that does gives no role: otherwise who may name a group would give it the roles
 * that the role map has for the id of another one.
 */
const GROUP_ID = /^00g[A-Za-z0-9]{17}$/;

/**
 * The roles that groups give, and which group gives each. Groups of Okta's own give roles by their names, as those in claims
 * do. Any group gives those that the role map has for its id; groups of other applications give no others, as the name
 * `admin` can be given there by people who are no administrators here.
 *
 * @see https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/, `type`
 */
export function grantsOf(groups: readonly Group[], rules: Pick<DirectoryRules, "roleMap">): RoleGrant[] {
  return groups.flatMap(({ id, name, type }) => {
    const trimmed = name.trim();
    const isRoleName = TYPES_NAMED_IN_OKTA.has(type) && trimmed !== "" && !GROUP_ID.test(trimmed);
    const byName = isRoleName ? rolesFrom([trimmed], rules) : [];
    const byId = rules.roleMap?.get(id) ?? [];
    return [...new Set([byName, byId].flat())].map((role) => ({ role, group: { id, name } }));
  });
}

/** Why a group gives no role. */
export type NoRoleReason =
  | "of another application"
  | "everyone"
  | "without a name"
  | "named like an id"
  | "not in the role map";

/** Why a group gives no role; `undefined` when it gives one. See {@link grantsOf}. */
export function whyNoRole(group: Group, rules: Pick<DirectoryRules, "roleMap">): NoRoleReason | undefined {
  if (grantsOf([group], rules).length > 0) return undefined;
  if (!TYPES_NAMED_IN_OKTA.has(group.type)) return "of another application";
  const name = group.name.trim();
  if (name === "") return "without a name";
  if (GROUP_ID.test(name)) return "named like an id";
  return rules.roleMap ? "not in the role map" : "everyone";
}

/**
 * The roles that a user has: those in grants, each once. A user whose profile has a value that policies cannot rely on has
 * none: what a policy may look at is not left out silently, and as with claims, what is malformed gives no role.
 */
export function rolesOf(grants: readonly RoleGrant[], { unusable }: Pick<PrincipalAttributes, "unusable">): string[] {
  return unusable.length > 0 ? [] : [...new Set(grants.map(({ role }) => role))];
}
