import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { problemIn } from "../../../support/http/answers.js";
import { clientOf } from "../../../support/http/client.js";
import { pageIn, textOf } from "../../../support/http/page.js";
import { UserAgent } from "../../../support/http/user-agent.js";
import { useProxiedStack } from "../../../support/okta/issuer-stacks.js";
import { useInProcess } from "../../../support/stack/in-process.js";

describe("too many requests", () => {
  const { stack, issuer } = useProxiedStack();

  it("of one user: 429 and when to try again; other users are served, from the same address too", async () => {
    const from = { "X-Forwarded-For": "192.0.2.20", "X-Forwarded-Proto": "https" };
    const clientFor = async (uid: string) =>
      clientOf(stack.url, await issuer.accessToken({ uid, crm_groups: ["crm-users"] }));
    const [busy, calm] = [await clientFor("00u9busy"), await clientFor("00u9calm")];
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++) statuses.push((await busy.get("/contacts?limit=1", from)).status);
    assert.deepEqual(statuses, [...Array(20).fill(200), 429, 429]);
    const answer = await busy.get("/contacts?limit=1", { ...from, "X-Forwarded-For": "192.0.2.21" });
    problemIn(answer, 429);
    const wait = Number(answer.headers.get("retry-after"));
    assert.ok(wait >= 1 && wait <= 60, `${wait}`);
    pageIn(await busy.get("/contacts", { ...from, Accept: "text/html" }), 429);
    assert.equal((await busy.delete("/contacts/x", from)).status, 429);
    assert.equal((await calm.get("/contacts?limit=1", from)).status, 200);
    assert.equal((await busy.get("/livez", from)).status, 200);
  });

  it("of nobody who is logged in: counted by address, and the client cannot choose its address", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 21; i++) {
      // Only what the nearest proxy says of the address counts.
      const headers = { "X-Forwarded-For": `198.51.100.${i}, 192.0.2.30`, "X-Forwarded-Proto": "https" };
      statuses.push((await clientOf(stack.url).get("/contacts", headers)).status);
    }
    assert.deepEqual(statuses, [...Array(20).fill(401), 429]);
    const elsewhere = { "X-Forwarded-For": "192.0.2.31", "X-Forwarded-Proto": "https" };
    assert.equal((await clientOf(stack.url).get("/contacts", elsewhere)).status, 401);
  });

  it("to log in: 429 with a page", async () => {
    const headers = { "X-Forwarded-For": "192.0.2.40", "X-Forwarded-Proto": "https" };
    const login = (path: string) => new UserAgent().request(`${stack.url}${path}`, { headers });
    for (let i = 0; i < 5; i++) assert.equal((await login("/login")).status, 302);
    const page = pageIn(await login("/login"), 429);
    assert.match(textOf(page), /Too many requests Wait a minute/);
    assert.equal((await login("/authorization-code/callback?code=x&state=y")).status, 429);
    pageIn(await login("/"), 200);
  });

  /** The statuses of requests from a list of addresses, in turn. */
  async function statusesFrom(addresses: readonly string[], token?: string): Promise<number[]> {
    const statuses: number[] = [];
    for (const address of addresses) {
      const headers = { "X-Forwarded-For": address, "X-Forwarded-Proto": "https" };
      statuses.push((await clientOf(stack.url, token).get("/contacts", headers)).status);
    }
    return statuses;
  }

  it("of a network of IPv6 count as those of one client, up to its first 56 bits", async () => {
    const addresses = Array.from(
      { length: 20 },
      (_, i) => `2001:db8:7:12${(i * 7).toString(16).padStart(2, "0")}::${i}`,
    );
    assert.deepEqual(await statusesFrom(addresses), Array(20).fill(401));
    const sameNetwork = [
      "2001:db8:7:1201::1",
      "2001:DB8:7:12ff:1:2:3:4",
      "[2001:db8:7:1280::1]:443",
      "[2001:db8:7:1280::1]",
    ];
    assert.deepEqual(await statusesFrom(sameNetwork), Array(4).fill(429));
    assert.deepEqual(await statusesFrom(["2001:db8:7:1300::1", "2001:db8:7:1100::1"]), [401, 401]);
  });

  it("of an address count as one client's with any port, and in the form that IPv6 gives it", async () => {
    const addresses = Array.from({ length: 20 }, (_, i) => `192.0.2.32:${50_000 + i}`);
    assert.deepEqual(await statusesFrom(addresses), Array(20).fill(401));
    const sameAddress = [
      "192.0.2.32",
      "::ffff:192.0.2.32",
      "::ffff:c000:220",
      "[::ffff:192.0.2.32]:443",
      "192.0.2.32:1",
    ];
    assert.deepEqual(await statusesFrom(sameAddress), Array(5).fill(429));
    assert.deepEqual(await statusesFrom(["192.0.2.33:50000"]), [401]);
  });

  it("from what is no address count as one client's", async () => {
    const names = Array.from(
      { length: 22 },
      (_, i) => ["unknown", "_hidden", "1.2.3", "0x7f.1", ":::", "%"][i % 6] ?? "",
    );
    assert.deepEqual(await statusesFrom(names), [...Array(20).fill(401), 429, 429]);
  });

  it("with bad tokens: 429, and good ones from the same address are accepted", async () => {
    const headers = (address: string) => ({ "X-Forwarded-For": address, "X-Forwarded-Proto": "https" });
    const expired = await issuer.accessToken({ uid: "00u9bad", exp: 1, crm_groups: ["crm-users"] });
    const [, body, signature] = expired.split(".");
    const unknownKey = Buffer.from(JSON.stringify({ alg: "RS256", kid: "made-up" })).toString("base64url");
    const bad = [expired, "nonsense", `${unknownKey}.${body}.${signature}`];
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) => clientOf(stack.url, bad[i % 3]).get("/contacts", headers("192.0.2.50"))),
    );
    const statuses = answers.map(({ status }) => status);
    assert.deepEqual([...new Set(statuses)].sort(), [401, 429]);
    assert.equal(statuses.filter((status) => status === 401).length, 4);
    for (const answer of answers) {
      const wait = Number(answer.headers.get("retry-after"));
      if (answer.status === 429) assert.ok(wait >= 1 && wait <= 60, `${wait}`);
    }
    const good = await issuer.accessToken({ uid: "00u9good", crm_groups: ["crm-users"] });
    assert.deepEqual(await statusesFrom(["192.0.2.50"], good), [200]);
    assert.deepEqual(await statusesFrom(["192.0.2.50"]), [401], "strangers without a token are counted apart");
    assert.deepEqual(await statusesFrom(["192.0.2.51"], expired), [401]);
  });

  it("weigh what they cost, and say what is left", async () => {
    const headers = { "X-Forwarded-For": "192.0.2.70", "X-Forwarded-Proto": "https" };
    const admin = async (uid: string) =>
      clientOf(stack.url, await issuer.accessToken({ uid, crm_groups: ["crm-admins"] }));
    const left = ({ headers }: { headers: Headers }) => {
      assert.equal(headers.get("ratelimit-policy"), "20;w=60");
      const [, remaining, reset] =
        /^limit=20, remaining=(\d+), reset=(\d+)$/.exec(headers.get("ratelimit") ?? "") ?? [];
      assert.ok(Number(reset) >= 1 && Number(reset) <= 60, reset);
      return Number(remaining);
    };
    const one = await admin("00u9weigh");
    assert.equal(left(await one.get("/contacts", headers)), 19);
    assert.equal(left(await one.get("/audit", headers)), 14);
    assert.equal(left(await one.get("/AUDIT/", headers)), 9);
    assert.equal(left(await one.post("/contacts", { firstName: "Ada", lastName: "Weigh" }, headers)), 4);
    assert.equal((await one.get("/audit", headers)).status, 429);
    const other = await admin("00u9export");
    assert.equal(left(await other.get("/audit/export?format=csv", headers)), 0);
    assert.equal((await other.get("/contacts", headers)).status, 429);
  });

  it("to log out are not refused for what a neighbor does, or the user has done", async () => {
    const headers = { "X-Forwarded-For": "192.0.2.80", "X-Forwarded-Proto": "https" };
    issuer.accounts.set("leaver", { idToken: { sub: "00u9leaver", name: "Lea", crm_groups: ["crm-users"] } });
    const agent = new UserAgent();
    const request = (path: string, method = "GET", body?: URLSearchParams) =>
      agent.request(`${stack.url}${path}`, { headers, method, ...(body && { body }) });
    const toOkta = await request("/login?login_hint=leaver");
    const back = await agent.request(toOkta.headers.get("location") ?? "");
    const callback = new URL(back.headers.get("location") ?? "");
    await request(callback.pathname + callback.search);
    const [, _csrf = ""] = /name="_csrf" value="([^"]+)"/.exec((await request("/profile")).body) ?? [];

    const neighbor = new UserAgent();
    const knock = async (path: string) => (await neighbor.request(`${stack.url}${path}`, { headers })).status;
    for (let i = 0; i < 21; i++) await knock("/login").then(() => knock("/contacts"));
    assert.deepEqual([await knock("/login"), await knock("/contacts")], [429, 429]);
    for (let i = 0; i < 21; i++) await request("/profile");
    assert.equal((await request("/profile")).status, 429);

    const left = await request("/logout", "POST", new URLSearchParams({ _csrf }));
    assert.ok(left.status < 400, left.body);
    assert.equal((await request("/profile")).status, 429, "a stranger again, from this address");
  });

  it("to log in are counted apart from other requests, so that these do not refuse a login", async () => {
    const address = "192.0.2.81";
    assert.equal((await statusesFrom(Array(21).fill(address))).at(-1), 429);
    const headers = { "X-Forwarded-For": address, "X-Forwarded-Proto": "https" };
    const login = () => new UserAgent().request(`${stack.url}/LOGIN/`, { headers });
    for (let i = 0; i < 5; i++) assert.equal((await login()).status, 302);
    assert.equal((await login()).status, 429);
  });
});

describe("requests of strangers to two processes", () => {
  const app = useInProcess();

  it("are counted together, and logins as well", async () => {
    const urls = [app.url, await app.serve(app.decisionLog, [app.decisionLog.sink])];
    const statuses = async (path: string, times: number) => {
      const answers = await Promise.all(
        Array.from({ length: times }, (_, i) => new UserAgent().request(`${urls[i % 2]}${path}`)),
      );
      return answers.map(({ status }) => status).sort();
    };
    assert.deepEqual(await statuses("/login", 110), [...Array(100).fill(302), ...Array(10).fill(429)]);
    assert.deepEqual(await statuses("/nothing", 320), [...Array(300).fill(404), ...Array(20).fill(429)]);
    const { rows } = (await app.database.db.execute(sql`select key, points from rate_limits`)) as {
      rows: { key: string; points: number }[];
    };
    assert.deepEqual(rows.map(({ key }) => key.split(":")[0]).sort(), ["logins", "strangers"]);
    for (const { key, points } of rows) {
      assert.match(key, /^\w+:[\w-]{43}$/);
      assert.ok(points <= 320, `${points}`);
    }
  });
});
