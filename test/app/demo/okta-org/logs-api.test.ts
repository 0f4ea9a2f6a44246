import assert from "node:assert/strict";
import { UserAgent } from "../../../support/http/user-agent.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { linkOf, managementApi } from "../../../support/okta/management-api.js";
import { exchange, idTokenClaims, signIn } from "../../../support/okta/web-client.js";
import { until } from "../../../support/until.js";

describe("the stand-in's Management API: the System Log", () => {
  const { start } = useIdentityProvider();
  const types = (body: { eventType: string }[]) => body.map(({ eventType }) => eventType);

  it("has an event for each change, with the users and groups that it is about", async () => {
    const idp = await start();
    const api = managementApi(idp);
    const { organization } = idp.org;
    const { groups } = organization;
    const profile = { login: "zoe@example.com", email: "zoe@example.com", firstName: "Zoe", lastName: "Zane" };
    const { id } = organization.createUser(profile, { status: "PROVISIONED" });
    organization.changeStatus(id, "reactivate");
    organization.changeStatus(id, "activate");
    organization.updateProfile(id, { department: "Harbor" });
    const team = groups.create({ name: "Team" });
    groups.update(team.id, { name: "Crew" });
    for (const _twice of [1, 2]) organization.addMember(team.id, id);
    for (const _twice of [1, 2]) organization.removeMember(team.id, id);
    groups.delete(team.id);
    for (const action of ["suspend", "unsuspend", "lock", "unlock"] as const) organization.changeStatus(id, action);
    organization.clearSessions(id);
    organization.logOutEverywhere(id);
    organization.deleteUser(id);
    organization.deleteUser(id);

    const { body } = await api("GET", "/api/v1/logs");
    assert.deepEqual(types(body), [
      "user.lifecycle.create",
      "user.lifecycle.activate",
      "user.lifecycle.reactivate",
      "user.lifecycle.activate",
      "user.account.update_profile",
      "group.lifecycle.create",
      "group.profile.update",
      "group.user_membership.add",
      "group.user_membership.remove",
      "group.lifecycle.delete",
      "user.lifecycle.suspend",
      "user.lifecycle.unsuspend",
      "user.account.lock",
      "user.account.unlock",
      "user.session.clear",
      "user.authentication.universal_logout",
      "user.lifecycle.deactivate",
      "user.lifecycle.delete.initiated",
      "user.lifecycle.delete.completed",
    ]);
    const { uuid, published, ...added } = body[7];
    assert.match(uuid, /^[\da-f-]{36}$/);
    assert.match(published, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(added.target, [
      { id, type: "User", alternateId: "zoe@example.com", displayName: "Zoe Zane" },
      { id: team.id, type: "UserGroup", alternateId: "unknown", displayName: "Crew" },
    ]);
    assert.deepEqual(added.outcome, { result: "SUCCESS", reason: null });
  });

  it("has the logout of a person", async () => {
    const idp = await start();
    const agent = new UserAgent();
    const tokens = await exchange(idp, await signIn(agent, idp, uma.login));
    assert.equal(idTokenClaims(tokens).sub, uma.id);
    await agent.get(`${idp.issuer}/v1/logout?id_token_hint=${tokens.id_token}`);
    const { body } = await managementApi(idp)("GET", "/api/v1/logs");
    assert.deepEqual(
      body.map(({ eventType, target }: { eventType: string; target: { id: string }[] }) => [eventType, target[0]?.id]),
      [["user.session.end", uma.id]],
    );
  });

  it("polls: there is always a next page, which holds what was persisted since", async () => {
    const idp = await start();
    const api = managementApi(idp);
    const { organization } = idp.org;
    organization.updateProfile(uma.id, { title: "before" });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const since = new Date().toISOString();
    const empty = await api("GET", `/api/v1/logs?since=${since}&sortOrder=ASCENDING`);
    assert.deepEqual(empty.body, []);
    const cursor = linkOf(empty, "next") ?? "";
    assert.doesNotMatch(cursor, /since/);
    organization.changeStatus(uma.id, "suspend");
    organization.changeStatus(uma.id, "unsuspend");
    organization.updateProfile(uma.id, { title: "after" });
    const first = await api("GET", `${cursor}&limit=2`);
    assert.deepEqual(types(first.body), ["user.lifecycle.suspend", "user.lifecycle.unsuspend"]);
    const second = await api("GET", linkOf(first, "next") ?? "");
    assert.deepEqual(types(second.body), ["user.account.update_profile"]);
    const third = await api("GET", linkOf(second, "next") ?? "");
    assert.deepEqual([third.body, linkOf(third, "next")], [[], linkOf(second, "next")]);

    const bounded = await api("GET", `/api/v1/logs?since=${since}&until=${new Date(Date.now() + 1000).toISOString()}`);
    assert.deepEqual([bounded.body.length, linkOf(bounded, "next")], [3, undefined]);
    for (const wrong of ["since=yesterday", "sortOrder=DESCENDING", "after=1_1", "limit=x", "q=uma"]) {
      assert.equal((await api("GET", `/api/v1/logs?${wrong}`)).status, 400, wrong);
    }
    idp.org.expireCursors();
    assert.equal((await api("GET", cursor)).status, 400);
  });

  it("loses nothing behind a cursor when events are persisted late and in another order", async () => {
    const idp = await start({ okta: { faults: { logLagMs: 60 }, seed: 7 } });
    const api = managementApi(idp);
    const { organization } = idp.org;
    for (let n = 0; n < 40; n++) organization.updateProfile(uma.id, { title: `Title ${n}` });
    let cursor = "/api/v1/logs?limit=5";
    const published: string[] = [];
    const uuids = new Set<string>();
    await until(
      async () => {
        const answer = await api("GET", cursor);
        cursor = linkOf(answer, "next") ?? "";
        for (const event of answer.body) uuids.add(event.uuid);
        published.push(...answer.body.map((event: { published: string }) => event.published));
        return uuids.size === 40;
      },
      30_000,
      () => `40 events, there are ${uuids.size}`,
    );
    assert.equal(published.length, 40);
  });
});
