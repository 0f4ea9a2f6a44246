import assert from "node:assert/strict";
import { directPool } from "../../../support/database/direct-pool.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { standInFor, useFixture } from "../../../support/fixture.js";
import { bearer } from "../../../support/http/bearer.js";
import { csrfTokenOf, pageIn, textOf } from "../../../support/http/page.js";
import { UserAgent } from "../../../support/http/user-agent.js";
import { Issuer } from "../../../support/okta/issuer.js";
import { startStack, useStack } from "../../../support/stack/stack.js";
import { until } from "../../../support/until.js";

const agents = {
  "Firefox on Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Safari on iOS":
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
};
type Name = keyof typeof people;
type Device = keyof typeof agents;
/** People of this file alone, by login hint and user id. */
const people = { uma: ["user"], omar: ["user"], audrey: ["auditor"], nina: ["user"] };

describe("one's own sessions", function () {
  this.timeout(120_000);
  const database = useTemporaryDatabase();
  const issuer = useFixture(
    () => Issuer.start(),
    (started) => started.stop(),
  );
  const settings = () => ({
    ...issuer.settings,
    DATABASE_URL: database.url,
    SESSION_SECRET: "a secret for tests, long enough",
    SESSION_IDLE_MINUTES: "30",
  });
  const [stack, another] = [useStack(settings), useStack(settings)];
  const fixture = useFixture(
    async () => ({ pool: directPool(database.url) }),
    ({ pool }) => pool.end(),
  );
  const pool = standInFor(() => fixture.pool);

  before(() => {
    for (const [name, groups] of Object.entries(people)) {
      issuer.accounts.set(name, { idToken: { sub: name, email: `${name}@example.com`, groups } });
    }
  });
  beforeEach(() => pool.query("delete from session"));

  /** A browser in which somebody has logged in. */
  async function loggedIn(name: Name, device: Device = "Firefox on Windows") {
    const headers = { "User-Agent": agents[device] };
    const browser = new UserAgent();
    const get = (path: string, at = stack.url, more: Record<string, string> = {}) =>
      browser.request(at + path, { headers: { ...headers, ...more }, follow: path.startsWith("/login") });
    pageIn(await get(`/login?login_hint=${name}`));
    const csrf = csrfTokenOf(pageIn(await get("/")));
    const post = (path: string, at = stack.url) =>
      browser.request(at + path, {
        method: "POST",
        headers: { ...headers, Accept: "application/json" },
        body: new URLSearchParams({ _csrf: csrf }),
      });
    const isLoggedIn = async (at = stack.url) => (await get("/profile", at)).status === 200;
    return { browser, get, post, isLoggedIn };
  }
  const endPathsIn = (page: string) =>
    [...page.matchAll(/action="(\/profile\/sessions\/[^"]+)"/g)].map(([, path]) => path ?? "");
  /** Says that the last sign of life of all sessions was so many minutes ago. */
  const age = (minutes: number) => pool.query("update session set seen_at = now() - $1 * interval '1 min'", [minutes]);
  const ages = async (): Promise<number[]> => {
    const { rows } = await pool.query("select extract(epoch from now() - seen_at)::float / 60 as age from session");
    return rows.map(({ age }) => age);
  };
  const eventsOf = async (name: Name): Promise<Record<string, unknown>[]> => {
    const { rows } = await pool.query(
      "select record from decisions where record::json ->> 'source' = 'session' and principal_id = $1 order by seq",
      [name],
    );
    return rows.map(({ record }) => JSON.parse(record));
  };

  describe("in the database", () => {
    it("hold no token that anybody could use, and no claim about the token", async () => {
      await loggedIn("uma");
      const { rows } = await pool.query("select session::text as text, sess from session");
      assert.equal(rows.length, 1);
      const [{ text, sess }] = rows;
      assert.doesNotMatch(text, /eyJhbGciOiJSUzI1NiI/);
      // A JSON Web Encryption: its header says so, and the key is nowhere.
      const [header = "", ...parts] = sess.login.tokens.split(".");
      assert.deepEqual(JSON.parse(Buffer.from(header, "base64url").toString()), { alg: "dir", enc: "A256GCM" });
      assert.equal(parts.length, 4);
      assert.deepEqual(Object.keys(sess).sort(), ["cookie", "login"]);
      for (const claim of ["nonce", "at_hash", "exp", "aud"]) assert(!(claim in sess.login.claims), claim);
    });

    it("still say at the logout which tokens are revoked, and whose session ends at Okta", async () => {
      const { post } = await loggedIn("uma");
      const before = issuer.requests.length;
      const { url } = await post("/logout");
      assert(url.href.startsWith(issuer.issuer), url.href);
      assert.deepEqual(
        issuer.requests.slice(before).map(({ path }) => path),
        ["/v1/revoke"],
      );
      assert(url.searchParams.get("id_token_hint"));
    });
  });

  describe("end by themselves", () => {
    it("when nothing is done in them for the time that is set", async () => {
      const { isLoggedIn } = await loggedIn("uma");
      await age(29);
      assert(await isLoggedIn());
      // That was a sign of life.
      assert.deepEqual((await ages()).map(Math.round), [0]);
      await age(31);
      assert(!(await isLoggedIn()));
    });

    it("however long a page asks by itself for what is new", async () => {
      const { browser } = await loggedIn("audrey");
      await age(20);
      const headers = { Accept: "text/event-stream", Cookie: browser.cookieHeaderFor(stack.url) };
      const stream = await fetch(`${stack.url}/audit/tail`, { headers });
      assert.equal(stream.status, 200);
      await stream.body?.cancel();
      assert.equal((await fetch(`${stack.url}/audit/tail`, { method: "HEAD", headers })).status, 200);
      assert.deepEqual((await ages()).map(Math.round), [20]);
    });

    it("and are not written for each request", async () => {
      const { get } = await loggedIn("uma");
      const version = async () => (await pool.query("select xmin::text from session")).rows;
      const before = await version();
      for (let i = 0; i < 5; i++) await get("/profile");
      assert.deepEqual(await version(), before);
    });

    it("eight hours after the login, whatever is done in them", async () => {
      const { get, isLoggedIn } = await loggedIn("uma");
      await get("/profile");
      const { rows } = await pool.query(
        "select extract(epoch from expire - created_at)::float / 3600 as hours from session",
      );
      assert.equal(Math.round(rows[0].hours * 100) / 100, 8);
      await pool.query("update session set expire = now() - interval '1 s'");
      assert(!(await isLoggedIn()));
    });
  });

  describe("are listed in the profile", () => {
    it("with browser, address and times, the one that is used marked", async () => {
      const here = await loggedIn("uma");
      await loggedIn("uma", "Safari on iOS");
      await loggedIn("omar");
      const page = pageIn(await here.get("/profile"));
      const text = textOf(page);
      assert.match(
        text,
        /Your sessions.*Safari on iOS Last used .* UTC , from (127\.0\.0\.1|::1)\. Logged in .* UTC .*End the session of Safari on iOS/,
      );
      assert.match(text, /Firefox on Windows Last used .* This browser/);
      assert.equal(endPathsIn(page).length, 1);
      const id = /s%3A([\w-]+)/.exec(here.browser.cookieHeaderFor(stack.url))?.[1] ?? "";
      assert(id && !page.includes(id));
    });

    it("where another one is ended: at the next request, in every process", async () => {
      const [here, lost] = [await loggedIn("uma"), await loggedIn("uma", "Safari on iOS")];
      assert(await lost.isLoggedIn(another.url));
      const [path = ""] = endPathsIn(pageIn(await here.get("/profile")));
      assert.equal((await here.post(path)).status, 303);
      assert.match(textOf(pageIn(await here.get("/profile"))), /The session was ended\./);
      for (const { url } of [another, stack]) assert(!(await lost.isLoggedIn(url)));
      assert(await here.isLoggedIn(another.url));
      // A second click.
      await here.post(path);
      assert.match(textOf(pageIn(await here.get("/profile"))), /That session had ended already\./);
    });

    it("where nobody ends those of others, nor several by a part of a name", async () => {
      const [uma, omar] = [await loggedIn("uma"), await loggedIn("omar")];
      await loggedIn("uma", "Safari on iOS");
      const [path = ""] = endPathsIn(pageIn(await uma.get("/profile")));
      const before = await ages();
      await omar.post(path);
      const handle = path.split("/")[3] ?? "";
      for (const part of [handle.slice(0, 1), handle.slice(0, -1), `${handle}x`, "%25", "_", "%00"]) {
        assert((await uma.post(`/profile/sessions/${part}/end`)).status < 500, part);
      }
      assert.equal((await ages()).length, before.length);
    });

    it("for those alone who have one", async () => {
      const headers = { ...bearer(await issuer.accessToken({ uid: "uma", sub: "uma@example.com", groups: ["user"] })) };
      await loggedIn("uma");
      for (const path of ["/logout/everywhere", "/profile/sessions/x/end"]) {
        assert.equal((await new UserAgent().request(stack.url + path, { method: "POST" })).status, 401);
        assert.equal((await new UserAgent().request(stack.url + path, { method: "POST", headers })).status, 403);
      }
      assert.equal((await ages()).length, 1);
      const page = pageIn(await new UserAgent().request(`${stack.url}/profile`, { headers }));
      assert.doesNotMatch(page, /Your sessions/);
    });
  });

  it("end all at once by 'Log out everywhere', in every process, and those of others do not", async () => {
    const [here, there, omar] = [await loggedIn("uma"), await loggedIn("uma", "Safari on iOS"), await loggedIn("omar")];
    const { url } = await here.post("/logout/everywhere", another.url);
    assert(url.href.startsWith(issuer.issuer), url.href);
    for (const at of [stack.url, another.url]) {
      assert(!(await here.isLoggedIn(at)) && !(await there.isLoggedIn(at)));
      assert(await omar.isLoggedIn(at));
    }
    assert.deepEqual(here.browser.cookieNamesFor(stack.url), []);
  });

  it("leave records when they end: by whom, or by themselves", async () => {
    const here = await loggedIn("nina");
    await loggedIn("nina", "Safari on iOS");
    await loggedIn("nina", "Safari on iOS");
    const [path = ""] = endPathsIn(pageIn(await here.get("/profile")));
    await here.post(path);
    await here.post("/logout/everywhere");
    const ended = async () =>
      (await eventsOf("nina"))
        .filter(({ action }) => action !== "login")
        .map(({ action, reason }) => `${action} ${reason}`);
    const expected = ["logout null", "revoke by_owner", "revoke by_owner", "revoke_all by_owner"];
    await until(async () => (await ended()).length >= expected.length, 30_000, "the records");
    assert.deepEqual((await ended()).sort(), expected);
    const revoked = (await eventsOf("nina")).filter(({ action }) => action === "revoke");
    const ids = revoked.map(({ resource }) => JSON.stringify(resource));
    assert(ids.includes(JSON.stringify({ id: path.split("/")[3], kind: "session" })));
  });

  it("leave records when they have ended by themselves, whichever process notices", async () => {
    for (const name of ["omar", "audrey"] as const) await loggedIn(name);
    await pool.query("update session set seen_at = now() - interval '31 min' where person_id = 'omar'");
    await pool.query("update session set expire = now() - interval '1 s' where person_id = 'audrey'");
    // A process looks for them at its first request.
    const third = await startStack(settings());
    try {
      await new UserAgent().request(`${third.url}/`, {
        headers: { Cookie: (await loggedIn("uma")).browser.cookieHeaderFor(stack.url) },
      });
      for (const [name, reason] of [
        ["omar", "idle"],
        ["audrey", "too_old"],
      ] as const) {
        const ends = async () => (await eventsOf(name)).filter(({ action }) => action === "end");
        await until(async () => (await ends()).length > 0, 30_000, `the record of ${name}`);
        assert.deepEqual(
          (await ends()).map((end) => end.reason),
          [reason],
        );
      }
      assert.equal((await ages()).length, 1);
    } finally {
      await third.stop();
    }
  });
});
