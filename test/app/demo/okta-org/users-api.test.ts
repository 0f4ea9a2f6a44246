import assert from "node:assert/strict";
import { demoPeople } from "../../../../app/demo/users.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { allPages, linkOf, managementApi } from "../../../support/okta/management-api.js";

const zoe = { login: "zoe@example.com", email: "zoe@example.com", firstName: "Zoe", lastName: "Zane" };

describe("the stand-in's Management API: users", () => {
  const { start } = useIdentityProvider();

  async function startApi() {
    const idp = await start();
    return { idp, api: managementApi(idp), organization: idp.org.organization };
  }
  const logins = (body: { profile: { login: string } }[]) => body.map(({ profile }) => profile.login);
  const search = (text: string) => `/api/v1/users?search=${encodeURIComponent(text)}`;
  const filter = (text: string) => `/api/v1/users?filter=${encodeURIComponent(text)}`;

  it("answers a user by id and by login in Okta's shape, and 404 for anybody else", async () => {
    const { api } = await startApi();
    const byId = await api("GET", `/api/v1/users/${uma.id}`);
    const { body } = byId;
    assert.equal(byId.status, 200);
    assert.deepEqual(body.profile, {
      login: uma.login,
      email: uma.login,
      firstName: "Uma",
      lastName: "Underhill",
      displayName: "Uma Underhill",
      department: "Sales",
      title: "Account manager",
      managerId: "alice@example.com",
      timezone: "Europe/London",
    });
    assert.deepEqual([body.id, body.status, body.lastLogin], [uma.id, "ACTIVE", null]);
    for (const name of ["created", "activated", "statusChanged", "lastUpdated"]) {
      assert.match(body[name], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/, name);
    }
    assert.deepEqual((await api("GET", "/api/v1/users/UMA@example.com")).body, body);
    const unknown = await api("GET", "/api/v1/users/00uNobody");
    const { errorId, ...error } = unknown.body;
    assert.equal(unknown.status, 404);
    assert.match(errorId, /^oae\w{17}$/);
    assert.deepEqual(error, {
      errorCode: "E0000007",
      errorSummary: "Not found: Resource not found: 00uNobody (User)",
      errorLink: "E0000007",
      errorCauses: [],
    });
  });

  it("lists users in pages that are linked, without those who are deactivated", async () => {
    const { api, organization, idp } = await startApi();
    organization.deleteUser(uma.id);
    const others = demoPeople.filter(({ id }) => id !== uma.id).map(({ login }) => login);
    const first = await api("GET", "/api/v1/users?limit=3");
    assert.deepEqual(logins(first.body), others.slice(0, 3));
    assert.equal(linkOf(first, "self"), `${new URL(idp.issuer).origin}/api/v1/users?limit=3`);
    const { entries, pages } = await allPages(api, "/api/v1/users?limit=3");
    assert.deepEqual([logins(entries), pages], [others, 3]);
    assert.equal(linkOf(await api("GET", `/api/v1/users?limit=${others.length}`), "next"), undefined);
    // A page goes on after an entry that has gone in the meantime.
    organization.deleteUser(organization.user(others[2] ?? "").id);
    organization.deleteUser(organization.user(others[2] ?? "").id);
    assert.deepEqual(logins((await api("GET", linkOf(first, "next") ?? "")).body), others.slice(3, 6));
    assert.equal((await api("GET", "/api/v1/users?limit=0")).status, 400);
    assert.equal((await api("GET", "/api/v1/users?after=nonsense")).status, 400);
    assert.equal((await api("GET", "/api/v1/users?expand=nonsense")).status, 400);
    idp.org.expireCursors();
    assert.equal((await api("GET", linkOf(first, "next") ?? "")).status, 400);
  });

  it("filters and searches, and finds those who are deactivated only by status", async () => {
    const { api, organization } = await startApi();
    const before = new Date(Date.now() - 60_000).toISOString();
    const after = new Date(Date.now() + 60_000).toISOString();
    organization.deleteUser(uma.id);
    const found = async (path: string) => logins((await api("GET", path)).body);
    assert.deepEqual(await found(filter('status eq "DEPROVISIONED"')), [uma.login]);
    assert.equal((await found(filter(`lastUpdated gt "${before}"`))).length, demoPeople.length - 1);
    assert.deepEqual(await found(filter(`lastUpdated gt "${after}"`)), []);
    assert.deepEqual(
      await found(filter('(profile.firstName eq "Omar" or profile.lastName eq "Novak") and status eq "ACTIVE"')),
      ["omar@example.com", "nina@example.com"],
    );
    assert.deepEqual(await found(search('profile.department eq "Compliance"')), ["audrey@example.com"]);
    assert.deepEqual(await found(search('profile.email sw "o" or status eq "STAGED"')), [
      "omar@example.com",
      "pia@example.com",
    ]);
    for (const wrong of [
      "status",
      'status gt "A"',
      'profile.department eq "Sales"',
      "id eq 1",
      '(id eq "1"',
      'id eq "1" id',
    ]) {
      const { status, body } = await api("GET", filter(wrong));
      assert.deepEqual([status, body.errorCode], [400, "E0000031"], wrong);
    }
  });

  it("creates, changes and deletes users", async () => {
    const { api, organization } = await startApi();
    const group = organization.groups.create({ name: "Team" });
    const created = await api("POST", "/api/v1/users?activate=false", { profile: zoe, groupIds: [group.id] });
    assert.deepEqual([created.status, created.body.status, created.body.activated], [200, "STAGED", null]);
    const path = `/api/v1/users/${created.body.id}`;
    assert.deepEqual(
      (await api("GET", `${path}/groups`)).body.map(({ profile }: { profile: { name: string } }) => profile.name),
      ["Everyone", "Team"],
    );
    const changed = await api("POST", path, { profile: { department: "Harbor", favoriteColor: "blue" } });
    assert.deepEqual(changed.body.profile, { ...zoe, department: "Harbor", favoriteColor: "blue" });
    assert.equal((await api("POST", path, { profile: { login: uma.login } })).body.errorCode, "E0000001");
    assert.equal((await api("POST", path, { profile: { lastName: "" } })).body.errorCode, "E0000001");
    assert.equal((await api("POST", "/api/v1/users", { profile: zoe })).body.errorCode, "E0000001");
    assert.equal((await api("POST", "/api/v1/users", { profile: null })).body.errorCode, "E0000001");
    assert.equal((await api("POST", "/api/v1/users", "{nonsense")).body.errorCode, "E0000003");

    assert.equal((await api("DELETE", path)).status, 204);
    assert.equal((await api("GET", path)).body.status, "DEPROVISIONED");
    assert.equal((await api("GET", `${path}/groups`)).body.length, 2, "who is deactivated stays in groups");
    assert.equal((await api("POST", "/api/v1/users", { profile: zoe })).status, 400, "and the login stays taken");
    assert.equal((await api("DELETE", path)).status, 204);
    assert.equal((await api("GET", path)).status, 404);
    assert.equal((await api("GET", `/api/v1/groups/${group.id}/users`)).body.length, 0);
    const credentials = { password: { value: "a password" } };
    const again = await api("POST", "/api/v1/users", { profile: zoe, credentials });
    assert.equal(again.body.status, "ACTIVE");
    assert.notEqual(again.body.id, created.body.id);
  });

  it("changes the status as far as the status allows", async () => {
    const { api, organization } = await startApi();
    const path = (action: string) => `/api/v1/users/${uma.id}/lifecycle/${action}`;
    const steps: [action: string, answer: number, status: string][] = [
      ["activate", 403, "ACTIVE"],
      ["unlock", 403, "ACTIVE"],
      ["lock", 404, "ACTIVE"],
      ["toString", 404, "ACTIVE"],
      ["suspend", 200, "SUSPENDED"],
      ["suspend", 403, "SUSPENDED"],
      ["unsuspend", 200, "ACTIVE"],
      ["expire_password", 200, "PASSWORD_EXPIRED"],
      ["reset_password", 200, "RECOVERY"],
      ["deactivate", 200, "DEPROVISIONED"],
      ["deactivate", 403, "DEPROVISIONED"],
      ["activate", 200, "ACTIVE"],
    ];
    for (const [action, answer, status] of steps) {
      assert.equal((await api("POST", path(action))).status, answer, action);
      assert.equal((await api("GET", `/api/v1/users/${uma.id}`)).body.status, status, action);
    }
    organization.changeStatus(uma.id, "lock");
    assert.equal((await api("POST", path("unlock"))).status, 200);
    assert.equal((await api("DELETE", `/api/v1/users/${uma.id}/sessions?oauthTokens=true`)).status, 204);
    assert.equal((await api("DELETE", "/api/v1/users/00uNobody/sessions")).status, 404);
  });
});
