import type { Organization } from "../../../app/demo/okta-org/model/organization.js";

/**
 * Adds made-up users and groups to an organization, of which its log and its hooks say nothing.
 *
 * @param size - `memberships`: besides those in Everyone; spread evenly
 * @returns the ids of the new users and groups
 */
export function growOrganization(
  organization: Organization,
  size: { users: number; groups: number; memberships: number },
): { users: string[]; groups: string[] } {
  const users: string[] = [];
  const groups: string[] = [];
  organization.quietly(() => {
    for (let n = 0; n < size.groups; n++) groups.push(organization.groups.create({ name: `Group ${n}` }).id);
    for (let n = 0; n < size.users; n++) {
      const login = `person${n}@example.com`;
      const names = { firstName: "Person", lastName: String(n), displayName: `Person ${n}` };
      const profile = { login, email: login, ...names, department: `Department ${n % 20}`, title: "Clerk" };
      users.push(organization.createUser(profile).id);
    }
    for (let n = 0; n < size.memberships; n++) {
      const group = groups[(n + Math.floor(n / size.users)) % groups.length];
      const user = users[n % users.length];
      if (group && user) organization.addMember(group, user);
    }
  });
  return { users, groups };
}
