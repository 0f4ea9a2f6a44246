import assert from "node:assert/strict";
import { growOrganization } from "../../../support/okta/grow-organization.js";
import { useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { linkOf, managementApi } from "../../../support/okta/management-api.js";

describe("the stand-in's organization: 100,000 users", () => {
  const { start } = useIdentityProvider();

  it("are listed page by page, are searched, and can be changed", async () => {
    const idp = await start();
    const { organization } = idp.org;
    const { users, groups } = growOrganization(organization, { users: 100_000, groups: 500, memberships: 200_000 });
    const [everyone] = organization.groups.all.values();
    const members = [...organization.groups.all.values()].map(({ id }) => organization.groups.membersOf(id).size);
    assert.equal(organization.groups.membersOf(everyone?.id ?? "").size, 100_008);
    assert.ok(members.reduce((sum, size) => sum + size, 0) >= 300_000);

    const api = managementApi(idp);
    let next: string | undefined = `/api/v1/groups/${everyone?.id}/users?limit=200`;
    for (let n = 0; n < 50 && next; n++) {
      const page = await api("GET", next);
      assert.equal(page.status, 200, next);
      next = linkOf(page, "next");
    }
    for (let n = 0; n < 20; n++) {
      const path = `/api/v1/groups/${groups[n]}/users/${users[n]}`;
      assert.equal((await api("DELETE", path)).status, 204, path);
    }
    const recent = encodeURIComponent(`lastUpdated gt "${new Date(Date.now() + 60_000).toISOString()}"`);
    assert.deepEqual((await api("GET", `/api/v1/users?filter=${recent}`)).body, []);
  });
});
