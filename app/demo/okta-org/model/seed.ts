import { demoPeople } from "../../users.js";
import { Organization } from "./organization.js";

/** Ids of the demo's groups, which stay the same from one start to the next. */
const groupIds: Readonly<Record<string, string>> = {
  admin: "00g1gatehouseAdmin5d",
  user: "00g2gatehouseUsers5d",
  auditor: "00g3gatehouseAudit5d",
};

/** An organization of the demo's people, and the groups that are their roles. */
export function demoOrganization(): Organization {
  const organization = new Organization();
  for (const [name, id] of Object.entries(groupIds)) organization.groups.create({ id, name, description: "CRM" });
  for (const { id, login, givenName, familyName, department, groups, title, timeZone, manager, status } of demoPeople) {
    const profile = {
      login,
      email: login,
      firstName: givenName,
      lastName: familyName,
      displayName: `${givenName} ${familyName}`,
      department,
      title,
      ...(timeZone && { timezone: timeZone }),
      ...(manager && { managerId: manager }),
    };
    organization.createUser(profile, { id, status: status ?? "ACTIVE" });
    for (const group of groups) if (groupIds[group]) organization.addMember(groupIds[group], id);
  }
  return organization;
}
