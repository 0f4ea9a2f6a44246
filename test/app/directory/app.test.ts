import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { type IdentityProvider, startIdentityProvider } from "../../../app/demo/identity-provider/index.js";
import { requestToken } from "../../../app/demo/identity-provider/request-token.js";
import { useAnyDatabase } from "../../support/database/temporary-database.js";
import { standInFor, useFixture } from "../../support/fixture.js";
import { bearer } from "../../support/http/bearer.js";
import { logIn } from "../../support/http/sign-in.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { freePort } from "../../support/network/free-port.js";
import { growOrganization } from "../../support/okta/grow-organization.js";
import { startStack } from "../../support/stack/stack.js";
import { until } from "../../support/until.js";

const HOOK_SECRET = "c5d2e6b1f09a4d83566e0d7f41c98ab3";
const LIMIT_MS = 30_000;

describe("the app with a directory that follows Okta", function () {
  this.timeout(120_000);
  const database = useAnyDatabase();
  const okta = useFixture(
    async () => {
      const port = await freePort();
      const client = { clientId: "crm", clientSecret: "secret" };
      const idp = await startIdentityProvider({ ...client, appBaseUrl: `http://localhost:${port}` });
      const { users } = growOrganization(idp.org.organization, { users: 40, groups: 2, memberships: 40 });
      return { port, client, idp, users };
    },
    ({ idp }) => idp.stop(),
  );
  const idp = standInFor<IdentityProvider>(() => okta.idp);
  const app = useFixture(
    () =>
      startStack({
        ...database.env,
        PORT: String(okta.port),
        OKTA_ISSUER: idp.issuer,
        OKTA_CLIENT_ID: okta.client.clientId,
        OKTA_CLIENT_SECRET: okta.client.clientSecret,
        OKTA_API_TOKEN: idp.org.apiToken,
        OKTA_HOOK_SECRET: HOOK_SECRET,
        DIRECTORY_ATTRIBUTES: "costCenter",
        // Without the hook, nothing would be seen in time.
        DIRECTORY_SYNC_SECONDS: "60",
      }),
    (stack) => stack.stop(),
  );
  let uma: UserAgent;
  let token: string;

  before(async () => {
    idp.org.addEventHook({ url: `${app.url}/okta/events`, secret: HOOK_SECRET });
    uma = new UserAgent();
    await until(() => isRead(), LIMIT_MS, "the directory has been read");
    await logIn(uma, `${app.url}/login?returnTo=/contacts`, "uma@example.com");
    token = await requestToken(idp.issuer, "uma@example.com");
  });

  async function isRead(): Promise<boolean> {
    const { checks } = (await (await fetch(`${app.url}/readyz`)).json()) as { checks: Record<string, string> };
    return checks.directory === "ok";
  }

  const page = async () => (await uma.request(`${app.url}/contacts`)).status;
  const list = async () => (await fetch(`${app.url}/contacts`, { headers: bearer(token) })).status;
  /** The group that gives uma her role. */
  const groupId = () => {
    const group = idp.org.organization.groups.of(umaId()).find(({ profile }) => profile.name === "user");
    return group?.id ?? assert.fail("no such group");
  };
  const umaId = () => idp.org.organization.user("uma@example.com").id;

  it("decides by the groups that a user is in now, for sessions and access tokens alike", async () => {
    assert.deepEqual([await page(), await list()], [200, 200]);
    const group = groupId();
    idp.org.organization.removeMember(group, umaId());
    await until(async () => (await page()) === 403, LIMIT_MS, "the role is gone");
    assert.equal(await list(), 403);
    idp.org.organization.addMember(group, umaId());
    await until(async () => (await page()) === 200, LIMIT_MS, "the role is back");
    assert.equal(await list(), 200);
  });

  it("shows policies the attributes that the settings name; one that their schema lacks is an error and no denial", async () => {
    const omar = idp.org.organization.user("omar@example.com").id;
    const omarsToken = await requestToken(idp.issuer, "omar@example.com");
    const get = (path: string) => fetch(`${app.url}${path}`, { headers: bearer(omarsToken) });
    const profile = async () => (await (await get("/profile")).json()) as Record<string, unknown>;
    const isShown = async (shown: Record<string, unknown>) => {
      const { attributes, unusable, roles } = await profile();
      return isDeepStrictEqual({ attributes, unusable, roles }, shown);
    };
    assert(await isShown({ attributes: {}, unusable: [], roles: ["user"] }));
    assert.equal((await get("/contacts")).status, 200);
    idp.org.organization.updateProfile(omar, { costCenter: "K-1" });
    const usable = { attributes: { costCenter: "K-1" }, unusable: [], roles: ["user"] };
    await until(() => isShown(usable), LIMIT_MS, "the attribute is there");
    assert.equal((await get("/contacts")).status, 500);
    idp.org.organization.updateProfile(omar, { costCenter: { id: "K-1" } });
    const odd = { attributes: {}, unusable: [{ name: "costCenter", because: "an object" }], roles: [] };
    await until(() => isShown(odd), LIMIT_MS, "the value is no attribute");
    assert.equal((await get("/contacts")).status, 403);
    idp.org.organization.updateProfile(omar, { costCenter: null });
    await until(async () => (await get("/contacts")).status === 200, LIMIT_MS, "there is none any more");
  });

  it("ends the session of a user who is deactivated, and refuses their access token", async () => {
    idp.org.organization.changeStatus(umaId(), "deactivate");
    await until(async () => (await list()) === 401, LIMIT_MS, "the access token is refused");
    assert.equal(await page(), 302, "the browser is sent to the login");
    idp.org.organization.changeStatus(umaId(), "activate");
    const withNewToken = async () => {
      const headers = bearer(await requestToken(idp.issuer, "uma@example.com"));
      return (await fetch(`${app.url}/contacts`, { headers })).status === 200;
    };
    await until(withNewToken, LIMIT_MS, "the user is back");
    assert.deepEqual([await list(), await page()], [401, 302], "what she had is void");
  });

  it("holds what a comparison would remove, and removes it when an administrator lets the brake go", async () => {
    const headers = {
      ...bearer(await requestToken(idp.issuer, "alice@example.com")),
      "Content-Type": "application/json",
    };
    const post = async (path: string, body: object) =>
      (await fetch(`${app.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })).status;
    const get = async (path: string) => (await fetch(`${app.url}${path}`, { headers })).json() as Promise<Sync>;
    const [first = "", ...others] = okta.users.slice(0, 15);
    const { organization } = idp.org;
    const names = organization.users.get(first)?.profile.displayName;
    organization.quietly(() => {
      for (const id of [first, ...others]) organization.changeStatus(id, "deactivate");
    });
    assert.equal(await post("/directory/sync/reconcile", {}), 202);
    assert.equal(await post("/directory/sync/reconcile", {}), 409);
    await until(async () => (await get("/directory/sync")).brake !== null, LIMIT_MS, "the brake holds");
    const { brake, contents } = await get("/directory/sync");
    assert.deepEqual([brake?.people, contents.gone], [15, 0]);
    assert(brake?.held.firstPeople.some(({ id, name }) => id === first && name === names));
    assert.equal(await post("/directory/sync/release", { since: "2026-01-01T00:00:00.000Z" }), 409);
    assert.equal(await post("/directory/sync/release", { since: brake?.since }), 202);
    await until(async () => (await get("/directory/sync")).contents.gone === 15, LIMIT_MS, "what it held is removed");
    assert.equal((await get("/directory/sync")).brake, null);
    const { decisions } = (await get("/audit?action=release")) as unknown as { decisions: { change: unknown }[] };
    assert.equal(decisions.filter(({ change }) => change !== null).length, 1);
  });
});

/** What is read here of how the directory follows Okta. */
interface Sync {
  readonly contents: { readonly gone: number };
  readonly brake: {
    readonly since: string;
    readonly people: number;
    readonly held: { readonly firstPeople: readonly { readonly id: string; readonly name: string }[] };
  } | null;
}
