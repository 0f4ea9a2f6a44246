import type { OktaGroup, OktaUser } from "../../../app/directory/okta-api/shapes.js";

const TIME = "2026-01-01T00:00:00.000Z";

/** A user as the client of Okta's API gives them. */
export function oktaUser(id: string, changes: Partial<OktaUser> = {}): OktaUser {
  const email = `${id}@test.example`;
  return {
    ...{
      id,
      status: "ACTIVE",
      login: email,
      email,
      name: `Name of ${id}`,
      department: "Sales",
      title: "",
      timeZone: "",
    },
    manager: "",
    ...{ attributes: {}, lastUpdated: TIME },
    ...changes,
  };
}

/** A group as the client of Okta's API gives it. */
export function oktaGroup(id: string, changes: Partial<OktaGroup> = {}): OktaGroup {
  return { id, name: `name of ${id}`, type: "OKTA_GROUP", lastUpdated: TIME, lastMembershipUpdated: TIME, ...changes };
}
