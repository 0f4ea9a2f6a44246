import { type RoleGrant, rolesFrom } from "../../auth/claims.js";
import type { ClaimRules } from "../../config.js";

/** A group of Okta's that somebody is in. */
export interface Group {
  readonly id: string;
  readonly name: string;
  /** `OKTA_GROUP`, `APP_GROUP` or `BUILT_IN`, or what Okta adds to them. */
  readonly type: string;
}

/** The types of the groups that administrators of Okta name. Those of other types are named by other applications. */
const TYPES_NAMED_IN_OKTA: ReadonlySet<string> = new Set(["OKTA_GROUP", "BUILT_IN"]);

/**
 * The roles that groups give, and which group gives each. Groups of Okta's own give roles by their names, as those in claims
 * do. Any group gives those that the role map has for its id; groups of other applications give no others, as the name
 * `admin` can be given there by people who are no administrators here.
 *
 * @see https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/, `type`
 */
export function grantsOf(groups: readonly Group[], rules: Pick<ClaimRules, "roleMap">): RoleGrant[] {
  return groups.flatMap(({ id, name, type }) => {
    const byName = TYPES_NAMED_IN_OKTA.has(type) && name.trim() !== "" ? rolesFrom([name.trim()], rules) : [];
    const byId = rules.roleMap?.get(id) ?? [];
    return [...new Set([byName, byId].flat())].map((role) => ({ role, group: { id, name } }));
  });
}

/** The roles in grants, each once. */
export function rolesOf(grants: readonly RoleGrant[]): string[] {
  return [...new Set(grants.map(({ role }) => role))];
}
