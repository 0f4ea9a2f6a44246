import assert from "node:assert/strict";
import { demoPeople } from "../../../../app/demo/users.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { allPages, managementApi } from "../../../support/okta/management-api.js";

describe("the stand-in's Management API: groups", () => {
  const { start } = useIdentityProvider();

  async function startApi() {
    const idp = await start();
    return { api: managementApi(idp), organization: idp.org.organization };
  }
  const names = (body: { profile: { name: string } }[]) => body.map(({ profile }) => profile.name);

  it("lists groups with their types, and filters them", async () => {
    const { api, organization } = await startApi();
    organization.groups.create({ name: "Payroll", type: "APP_GROUP" });
    const { entries, pages } = await allPages(api, "/api/v1/groups?limit=2");
    assert.deepEqual([names(entries), pages], [["Everyone", "admin", "user", "auditor", "Payroll"], 3]);
    assert.deepEqual(
      entries.map(({ type }) => type),
      ["BUILT_IN", "OKTA_GROUP", "OKTA_GROUP", "OKTA_GROUP", "APP_GROUP"],
    );
    const filtered = async (text: string) =>
      names((await api("GET", `/api/v1/groups?filter=${encodeURIComponent(text)}`)).body);
    assert.deepEqual(await filtered('type eq "APP_GROUP"'), ["Payroll"]);
    const [past, future] = [-60_000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString());
    assert.deepEqual(await filtered(`lastUpdated gt "${future}" or lastMembershipUpdated gt "${future}"`), []);
    assert.equal((await filtered(`lastUpdated gt "${future}" or lastMembershipUpdated gt "${past}"`)).length, 5);
    assert.equal((await api("GET", "/api/v1/groups?filter=nonsense")).status, 400);
  });

  it("creates, renames and deletes Okta's groups, and none that are built in or an app's", async () => {
    const { api, organization } = await startApi();
    const created = await api("POST", "/api/v1/groups", { profile: { name: "Team", description: "ours" } });
    assert.deepEqual(
      [created.status, created.body.type, created.body.objectClass],
      [200, "OKTA_GROUP", ["okta:user_group"]],
    );
    const path = `/api/v1/groups/${created.body.id}`;
    assert.deepEqual((await api("GET", path)).body, created.body);
    const renamed = await api("PUT", path, { profile: { name: "Crew" } });
    assert.deepEqual(renamed.body.profile, { name: "Crew", description: "" });
    assert.equal((await api("PUT", path, { profile: { name: "admin" } })).status, 400);
    assert.equal((await api("POST", "/api/v1/groups", { profile: { name: " " } })).status, 400);
    organization.addMember(created.body.id, uma.id);
    assert.equal((await api("DELETE", path)).status, 204);
    assert.equal((await api("GET", path)).status, 404);
    assert.equal((await api("GET", `${path}/users`)).status, 404);
    assert.deepEqual(names((await api("GET", `/api/v1/users/${uma.id}/groups`)).body), ["Everyone", "user"]);

    const app = organization.groups.create({ name: "Payroll", type: "APP_GROUP" });
    const everyone = (await api("GET", "/api/v1/groups")).body[0];
    for (const { id } of [app, everyone]) {
      assert.equal((await api("PUT", `/api/v1/groups/${id}`, { profile: { name: "Mine" } })).status, 403);
      assert.equal((await api("DELETE", `/api/v1/groups/${id}`)).status, 403);
      assert.equal((await api("PUT", `/api/v1/groups/${id}/users/${uma.id}`)).status, 403);
      assert.equal((await api("DELETE", `/api/v1/groups/${id}/users/${uma.id}`)).status, 403);
    }
  });

  it("adds and removes members, and pages through them", async () => {
    const { api, organization } = await startApi();
    const { id } = organization.groups.create({ name: "Team" });
    const member = (user: string) => `/api/v1/groups/${id}/users/${user}`;
    for (const user of demoPeople) assert.equal((await api("PUT", member(user.id))).status, 204);
    assert.equal((await api("PUT", member(uma.id))).status, 204, "twice is once");
    assert.equal((await api("PUT", member("00uNobody"))).status, 404);
    const members = async () =>
      (await allPages(api, `/api/v1/groups/${id}/users?limit=3`)).entries.map((user) => user.id);
    assert.deepEqual(
      await members(),
      demoPeople.map((user) => user.id),
    );
    assert.equal((await api("DELETE", member(uma.id))).status, 204);
    assert.equal((await api("DELETE", member(uma.id))).status, 204);
    assert.deepEqual(
      await members(),
      demoPeople.map((user) => user.id).filter((user) => user !== uma.id),
    );
  });
});
