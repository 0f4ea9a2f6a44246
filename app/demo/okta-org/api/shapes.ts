import type { Group, User } from "../model/types.js";

/** A user as Okta's Users API answers it. */
export function userShape(user: User, origin: string): Record<string, unknown> {
  return {
    id: user.id,
    status: user.status,
    created: user.created,
    activated: user.activated,
    statusChanged: user.statusChanged,
    lastLogin: user.lastLogin,
    lastUpdated: user.lastUpdated,
    passwordChanged: null,
    type: { id: "oty1gatehouseUser5d7" },
    profile: user.profile,
    credentials: { provider: { type: "OKTA", name: "OKTA" } },
    _links: { self: { href: `${origin}/api/v1/users/${user.id}` } },
  };
}

/** A group as Okta's Groups API answers it. */
export function groupShape(group: Group, origin: string): Record<string, unknown> {
  return {
    id: group.id,
    created: group.created,
    lastUpdated: group.lastUpdated,
    lastMembershipUpdated: group.lastMembershipUpdated,
    objectClass: ["okta:user_group"],
    type: group.type,
    profile: group.profile,
    _links: { self: { href: `${origin}/api/v1/groups/${group.id}` } },
  };
}
