import type { Organization } from "../../../app/demo/okta-org/model/organization.js";

const LONG_AGO = "2026-01-01T00:00:00.000Z";

/** Makes everything one that has not changed for long, as nearly all of a real organization has not. */
export function ageOrganization({ users, groups }: Organization): void {
  const times = { lastUpdated: LONG_AGO, lastMembershipUpdated: LONG_AGO };
  for (const user of users.values()) users.set(user.id, { ...user, lastUpdated: LONG_AGO });
  for (const group of groups.all.values()) groups.all.set(group.id, { ...group, ...times });
}
