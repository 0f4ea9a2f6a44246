import assert from "node:assert/strict";
import { OktaApi, type Page } from "../../../../app/directory/okta-api/client.js";
import { OktaApiError } from "../../../../app/directory/okta-api/errors.js";
import { useFixture } from "../../../support/fixture.js";
import { ApiServer, json, oktaUser } from "../../../support/okta/api-server.js";
import { growOrganization } from "../../../support/okta/grow-organization.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { silentLogger } from "../../../support/telemetry/silent-logger.js";

const clientOf = (org: string, token: string) =>
  new OktaApi({ org, credentials: { token }, attributes: [], managerAttribute: "managerId", logger: silentLogger });

async function all<T>(read: (page?: string) => Promise<Page<T> | undefined>): Promise<{ items: T[]; pages: number }> {
  const items: T[] = [];
  let pages = 0;
  for (let next: string | undefined, isLast = false; !isLast; pages++) {
    const page = await read(next);
    assert(page);
    items.push(...page.items);
    next = page.next;
    isLast = next === undefined;
  }
  return { items, pages };
}

describe("lists of Okta's API, as the stand-in has them", () => {
  const { start } = useIdentityProvider();

  it("are read page by page, users and groups and members, each once", async () => {
    const { issuer, org } = await start();
    const { users, groups } = growOrganization(org.organization, { users: 410, groups: 205, memberships: 820 });
    const api = clientOf(new URL(issuer).origin, org.apiToken);
    const read = await all((page) => api.users(page));
    assert.equal(read.pages, 3);
    const ids = read.items.map(({ id }) => id);
    assert.deepEqual(
      [ids.length, new Set(ids).size, users.every((id) => ids.includes(id))],
      [org.organization.users.size, ids.length, true],
    );
    const readGroups = await all((page) => api.groups(page));
    assert(groups.every((id) => readGroups.items.some((group) => group.id === id)));
    const everyone = readGroups.items.find(({ name }) => name === "Everyone");
    assert.equal((await all((page) => api.membersOf(everyone?.id ?? "", page))).items.length, ids.length);
  });

  it("of what has changed have what has changed since", async () => {
    const { issuer, org } = await start();
    const api = clientOf(new URL(issuer).origin, org.apiToken);
    const since = new Date(Date.now() - 1_000).toISOString();
    const later = new Date(Date.now() + 60_000).toISOString();
    const group = org.organization.groups.create({ name: "Night shift" });
    org.organization.updateProfile(uma.id, { department: "Support" });
    assert(
      (await api.usersChangedSince(since)).items.some(
        ({ id, department }) => id === uma.id && department === "Support",
      ),
    );
    assert((await api.groupsChangedSince(since)).items.some(({ id }) => id === group.id));
    assert.deepEqual((await api.usersChangedSince(later)).items, []);
    assert.deepEqual((await api.groupsChangedSince(later)).items, []);
  });

  it("give one user, their groups, and one group; and nothing for what is not there", async () => {
    const { issuer, org } = await start();
    const api = clientOf(new URL(issuer).origin, org.apiToken);
    assert.equal((await api.user(uma.id))?.login, uma.login);
    const groups = await api.groupsOf(uma.id);
    assert.deepEqual(groups?.map(({ name }) => name).sort(), [...uma.groups].sort());
    assert.deepEqual(await api.group(groups?.[0]?.id ?? ""), groups?.[0]);
    org.organization.deleteUser(uma.id);
    org.organization.deleteUser(uma.id);
    assert.deepEqual(
      [await api.user(uma.id), await api.groupsOf(uma.id), await api.group("00gnone"), await api.membersOf("00gnone")],
      [undefined, undefined, undefined, undefined],
    );
  });

  it("of the log go on from where they ended, also when there was nothing new", async () => {
    const { issuer, org } = await start();
    const api = clientOf(new URL(issuer).origin, org.apiToken);
    const first = await api.log(api.logFrom(new Date()));
    org.organization.changeStatus(uma.id, "suspend");
    const second = await api.log(first.next ?? "");
    assert.deepEqual(
      second.items.map(({ eventType, targets }) => [eventType, targets]),
      [["user.lifecycle.suspend", [{ id: uma.id, type: "User" }]]],
    );
    const third = await api.log(second.next ?? "");
    assert.deepEqual([third.items, typeof third.next], [[], "string"]);
    org.expireCursors();
    await assert.rejects(api.log(third.next ?? ""), { name: "OktaApiError", kind: "refused" });
  });
});

describe("links and ids of Okta's API", () => {
  const server = useFixture(
    () => ApiServer.start(),
    (started) => started.stop(),
  );
  const elsewhere = useFixture(
    () => ApiServer.start(),
    (started) => started.stop(),
  );
  const api = () => clientOf(server.origin, "00Tsecret");
  beforeEach(() => {
    server.requests.length = 0;
    elsewhere.requests.length = 0;
  });

  it("take the next one among others", async () => {
    const links = `<${server.origin}/api/v1/users?limit=200>; rel="self", <${server.origin}/api/v1/users?after=a,b>; title="x"; rel=next`;
    server.answer = (res) => json(res, 200, [], { Link: links });
    assert.equal((await api().users()).next, `${server.origin}/api/v1/users?after=a,b`);
    server.answer = (res) => json(res, 200, [], { Link: `<${server.origin}/next>; rel="self"` });
    assert.equal((await api().users()).next, undefined);
  });

  it("do not lead the token to another origin", async () => {
    const { port } = new URL(server.origin);
    const away = [
      `${elsewhere.origin}/api/v1/users`,
      `//localhost:${new URL(elsewhere.origin).port}/api/v1/users`,
      `http://user:password@localhost:${port}/api/v1/users`,
      `https://localhost:${port}/api/v1/users`,
      "http://[",
    ];
    for (const link of away) {
      server.answer = (res) => json(res, 200, [], { Link: `<${link}>; rel="next"` });
      await assert.rejects(api().users(), { name: "OktaApiError", kind: "refused" }, link);
      await assert.rejects(api().users(link), { name: "OktaApiError", kind: "refused" }, link);
      await assert.rejects(api().log(link), { name: "OktaApiError", kind: "refused" }, link);
    }
    assert.equal(server.requests.length, away.length);
    assert.deepEqual(elsewhere.requests, []);
  });

  it("do not lead the token along with a redirect", async () => {
    server.answer = (res) => res.writeHead(307, { Location: `${elsewhere.origin}/api/v1/users` }).end();
    await assert.rejects(api().users(), { name: "OktaApiError", kind: "unavailable" });
    assert.deepEqual(elsewhere.requests, []);
  }).timeout(30_000);

  it("are not asked for with what is no id, and a login is none", async () => {
    server.answer = (res) => json(res, 200, oktaUser("00u1"));
    for (const id of ["..", "a/b", "00u1?x", "%2e%2e", "", "ada@example.com"]) {
      assert.deepEqual(
        [await api().user(id), await api().groupsOf(id), await api().group(id), await api().membersOf(id)],
        [undefined, undefined, undefined, undefined],
        id,
      );
    }
    assert.deepEqual(server.requests, []);
    assert.equal(await api().user("me"), undefined);
  });

  it("are gone only when Okta says so", async () => {
    for (const body of ["<h1>404</h1>", { errorCode: "E0000022" }, {}]) {
      server.answer = (res) => json(res, 404, body);
      await assert.rejects(api().user("00u1"), { name: "OktaApiError", kind: "unavailable" });
      await assert.rejects(api().membersOf("00g1"), { name: "OktaApiError", kind: "unavailable" });
    }
    server.answer = (res) => json(res, 404, { errorCode: "E0000007" });
    assert.equal(await api().user("00u1"), undefined);
  });

  it("say in an error what was refused, in no words of Okta's", async () => {
    server.answer = (res) => json(res, 400, { errorCode: "E0000031", errorSummary: "Invalid: ada@example.com" });
    await assert.rejects(api().users(), (error: unknown) => {
      assert(error instanceof OktaApiError);
      assert.deepEqual([error.kind, error.message], ["refused", "Okta answered 400 (E0000031) to users"]);
      return true;
    });
  });
});
