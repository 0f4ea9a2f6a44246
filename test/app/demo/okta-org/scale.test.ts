import assert from "node:assert/strict";
import { growOrganization } from "../../../support/okta/grow-organization.js";
import { useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { linkOf, managementApi } from "../../../support/okta/management-api.js";

describe("the stand-in's organization: 100,000 users", () => {
  const { start } = useIdentityProvider();

  it("answers pages and changes fast", async () => {
    const idp = await start();
    const { organization } = idp.org;
    const began = performance.now();
    const { users, groups } = growOrganization(organization, { users: 100_000, groups: 500, memberships: 200_000 });
    assert.ok(performance.now() - began < 15_000, `grown in ${performance.now() - began} ms`);
    const [everyone] = organization.groups.all.values();
    const members = [...organization.groups.all.values()].map(({ id }) => organization.groups.membersOf(id).size);
    assert.equal(organization.groups.membersOf(everyone?.id ?? "").size, 100_008);
    assert.ok(members.reduce((sum, size) => sum + size, 0) >= 300_000);

    const api = managementApi(idp);
    const times: number[] = [];
    const timed = async (method: string, path: string) => {
      const before = performance.now();
      const answer = await api(method, path);
      times.push(performance.now() - before);
      assert.ok(answer.status < 300, `${path}: ${answer.status}`);
      return answer;
    };
    let next: string | undefined = `/api/v1/groups/${everyone?.id}/users?limit=200`;
    for (let n = 0; n < 50 && next; n++) next = linkOf(await timed("GET", next), "next");
    const recent = encodeURIComponent(`lastUpdated gt "${new Date(Date.now() + 60_000).toISOString()}"`);
    for (let n = 0; n < 20; n++) await timed("DELETE", `/api/v1/groups/${groups[n]}/users/${users[n]}`);
    const before = performance.now();
    assert.deepEqual((await api("GET", `/api/v1/users?filter=${recent}`)).body, []);
    assert.ok(performance.now() - before < 1000);
    const median = times.sort((a, b) => a - b)[times.length >> 1] ?? 0;
    assert.ok(median < 50, `median ${median} ms`);
  });
});
