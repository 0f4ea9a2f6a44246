import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { desc, eq, sql } from "drizzle-orm";
import { pino } from "pino";
import { decisions, people, sessions } from "../../../../app/db/schema.js";
import { DirectoryLookup } from "../../../../app/directory/lookup/lookup.js";
import { erasePerson } from "../../../../app/directory/store/erasure.js";
import { createContact } from "../../../support/contacts/contacts.js";
import { recordQueryTexts } from "../../../support/database/query-texts.js";
import { DirectoryRows } from "../../../support/directory/rows.js";
import { json, messagesIn, problemIn } from "../../../support/http/answers.js";
import { type Client, clientOf } from "../../../support/http/client.js";
import { csrfTokenOf, pageIn, textOf } from "../../../support/http/page.js";
import { UserAgent } from "../../../support/http/user-agent.js";
import { useInProcess } from "../../../support/stack/in-process.js";
import { until } from "../../../support/until.js";

/** Longer than what is known of somebody may be old. */
const STALE_MS = 120;
const MAX_AGE_SECONDS = 60;

describe("requests to an app with a directory", function () {
  this.timeout(60_000);
  const fetched: string[] = [];
  /** What Okta says of a user who is fetched. */
  let found: (id: string) => Promise<unknown>;
  const app = useInProcess(() => ({
    openDirectory: (db) =>
      new DirectoryLookup({
        ...{ db, rules: { roleMap: undefined, attributes: [] }, maxAgeSeconds: MAX_AGE_SECONDS },
        fetchNow: async (id) => {
          fetched.push(id);
          await found(id);
        },
        logger: pino({ level: "silent" }),
      }),
  }));
  let rows: DirectoryRows;
  let uma: Client;

  before(async () => {
    rows = new DirectoryRows(app.database.db);
  });
  beforeEach(async () => {
    fetched.length = 0;
    found = async () => {};
    await rows.follow(0);
    for (const name of ["admin", "user", "auditor"]) await rows.group(`g-${name}`, name);
    await rows.group("g-app", "admin", "APP_GROUP");
    const profile = { email: "uma@test.example", name: "Uma Underhill", status: "ACTIVE", goneAt: null };
    await rows.user("00uma", profile, ["g-user"]);
    // What the token says of groups does not count.
    uma = await app.as("00uma", "admin", "Told");
    await sleep(STALE_MS);
  });

  async function logIn(id: string, page = "/profile") {
    app.issuer.accounts.set(id, { idToken: { sub: id, email: `${id}@told.example`, groups: ["admin"] } });
    const browser = new UserAgent();
    const base = `http://localhost:${new URL(app.url).port}`;
    const visit = await browser.get(`${base}/login?login_hint=${id}&returnTo=${page}`);
    return { browser, base, visit };
  }
  /** The last record, or the last one of an action. */
  const newest = async (action?: string) => {
    await app.decisionLog.flush();
    const ofAction = action === undefined ? undefined : eq(decisions.action, action);
    const [row] = await app.database.db.select().from(decisions).where(ofAction).orderBy(desc(decisions.seq)).limit(1);
    return JSON.parse(row?.record ?? "null");
  };
  const sessionsOf = (id: string) => app.database.db.select().from(sessions).where(eq(sessions.personId, id));

  it("are made by who the user is in it, with a token and in a browser, and are recorded with its version", async () => {
    const { browser, base, visit } = await logIn("00uma");
    assert.equal(visit.status, 200, visit.body);
    const profiles = [
      json<Record<string, unknown>>(await uma.get("/profile")),
      json<Record<string, unknown>>(
        await browser.request(`${base}/profile`, { headers: { Accept: "application/json" } }),
      ),
    ];
    for (const profile of profiles) {
      const { name, email, department, groups, roles, grants } = profile;
      assert.deepEqual([name, email, department], ["Uma Underhill", "uma@test.example", "Sales"]);
      assert.deepEqual([groups, roles], [["user"], ["user"]]);
      assert.deepEqual(grants, [{ role: "user", group: { id: "g-user", name: "user" } }]);
    }
    assert.equal((await uma.get("/contacts")).status, 200);
    assert.equal((await uma.get("/audit")).status, 403);
    const record = await newest();
    assert.equal(record.principal.id, "00uma");
    assert.deepEqual(record.principal.roles, ["user"]);
    assert.equal(record.directoryVersion, profiles[0]?.directoryVersion);
    await rows.user("00audrey", {}, ["g-auditor"]);
    const { browser: auditor } = await logIn("00audrey");
    const page = textOf(pageIn(await auditor.get(`${base}/audit/${record.id}`)));
    assert(page.includes(`Directory version ${record.directoryVersion} `), page);
  });

  it("lose a role and get one that changes in it", async () => {
    assert.equal((await uma.get("/audit")).status, 403);
    await rows.user("00uma", {}, ["g-auditor"]);
    await sleep(STALE_MS);
    assert.equal((await uma.get("/audit")).status, 200);
    await rows.user("00uma", {}, []);
    await sleep(STALE_MS);
    assert.equal(problemIn(await uma.get("/contacts"), 403).code, "no_roles");
    await rows.user("00uma", {}, ["g-app"]);
    await sleep(STALE_MS);
    assert.equal(problemIn(await uma.get("/contacts"), 403).code, "no_roles", "a group of another application");
  });

  it("are refused when their user is suspended, and all of their sessions end", async () => {
    await rows.user("00sue", { status: "ACTIVE" }, ["g-user"]);
    const sue = await app.as("00sue", "admin", "Told");
    const { browser, base } = await logIn("00sue");
    const { browser: other } = await logIn("00sue");
    assert((await sessionsOf("00sue")).length >= 2);
    await rows.user("00sue", { status: "SUSPENDED" });
    await sleep(STALE_MS);
    const problem = problemIn(await sue.get("/contacts"), 401);
    assert.match(problem.detail, /not active in Okta/);
    const visit = await browser.request(`${base}/contacts`);
    assert.equal(visit.url.pathname, "/login");
    assert.deepEqual(await sessionsOf("00sue"), []);
    const record = await newest("revoke");
    assert.deepEqual(
      [record.source, record.action, record.reason, record.principal.id],
      ["session", "revoke", "not_active", "00sue"],
    );
    await rows.user("00sue", { status: "ACTIVE" });
    await sleep(STALE_MS);
    assert.equal((await sue.get("/contacts")).status, 401, "what she had is void");
    for (const ended of [browser, other]) {
      assert.equal((await ended.request(`${base}/contacts`)).url.pathname, "/login", "the session does not come back");
    }
  });

  const statuses = {
    ...{ ACTIVE: true, RECOVERY: true, PASSWORD_EXPIRED: true, LOCKED_OUT: true },
    ...{ STAGED: false, PROVISIONED: false, SUSPENDED: false, DEPROVISIONED: false, ADDED_BY_OKTA_LATER: false },
  };
  for (const [status, canLogIn] of Object.entries(statuses)) {
    it(`of a user who is ${status} ${canLogIn ? "go on" : "are 401, and the session ends"}`, async () => {
      const id = `00${status}`;
      await rows.user(id, { status: "ACTIVE" }, ["g-user"]);
      const { browser, base } = await logIn(id);
      const client = await app.as(id, "admin", "Told");
      await rows.user(id, { status });
      await sleep(STALE_MS);
      assert.equal((await client.get("/contacts")).status, canLogIn ? 200 : 401);
      const page = await browser.request(`${base}/contacts`);
      assert.equal(page.status, canLogIn ? 200 : 302);
      if (!canLogIn) assert.equal(page.url.pathname, "/login");
      assert.equal((await sessionsOf(id)).length > 0, canLogIn);
      assert.deepEqual(fetched, []);
    });
  }

  it("of a user who is not known yet have Okta asked once, also during the first load, and are refused then", async () => {
    for (const isLoaded of [true, false]) {
      const [stranger, colleague] = [`00stranger${isLoaded}`, `00colleague${isLoaded}`];
      await rows.follow(0, isLoaded);
      await sleep(STALE_MS);
      found = async (id) => {
        if (id === colleague) await rows.user(id, {}, ["g-user"]);
      };
      for (const [id, status] of [[stranger, 401] as const, [colleague, 200] as const]) {
        const client = await app.as(id, "admin", "Told");
        for (let n = 0; n < 3; n++) assert.equal((await client.get("/contacts")).status, status);
      }
      assert.deepEqual(fetched.splice(0), [stranger, colleague]);
    }
  });

  it("get no role by the name of another application's group; one of Okta's that is renamed gives its new name", async () => {
    await rows.group("g-1", "helpers");
    await rows.group("g-2", "helpers");
    await rows.user("00uma", {}, ["g-1", "g-2", "g-app"]);
    const rolesNow = async () => {
      await sleep(STALE_MS);
      return json<{ roles: string[]; grants: { group: { id: string } }[] }>(await uma.get("/profile"));
    };
    const both = await rolesNow();
    assert.deepEqual(both.roles, ["helpers"]);
    assert.deepEqual(
      both.grants.map(({ group }) => group.id),
      ["g-1", "g-2"],
    );
    await rows.user("00uma", {}, ["g-2", "g-app"]);
    assert.deepEqual((await rolesNow()).roles, ["helpers"], "by the other group of this name");
    await rows.group("g-2", "admin");
    assert.deepEqual((await rolesNow()).roles, ["admin"]);
    await rows.group("g-2", "Admin");
    assert.deepEqual((await rolesNow()).roles, ["Admin"], "names are compared exactly");
    await rows.group("g-2", "admin", "APP_GROUP");
    assert.deepEqual((await rolesNow()).roles, []);
  });

  it("are not a login when Okta lets somebody in who is nobody here", async () => {
    for (const status of ["PROVISIONED", null]) {
      const id = status ? "00staged" : "00unknown";
      if (status) await rows.user(id, { status }, ["g-user"]);
      const { visit } = await logIn(id);
      assert.equal(visit.status, 403);
      assert.match(textOf(visit.body), /You are not active in Okta/);
      assert.deepEqual(await sessionsOf(id), []);
      const record = await newest();
      assert.deepEqual([record.action, record.effect, record.reason], ["login", "deny", "not_active"]);
    }
    assert.deepEqual(fetched, ["00unknown"]);
  });

  it("are answered 503 while the directory is too old; those of strangers and services are not", async () => {
    const { browser, base } = await logIn("00uma");
    const leaving = await logIn("00uma");
    const service = clientOf(
      app.url,
      await app.issuer.accessToken({ cid: "0oaservice", sub: "0oaservice", groups: ["user"] }),
    );
    await rows.follow(MAX_AGE_SECONDS + 5);
    await sleep(STALE_MS);
    const answer = await uma.get("/contacts");
    const { title, detail } = problemIn(answer, 503);
    assert.equal(title, "The directory is out of date");
    assert.match(detail, /have not been read for \d+ seconds/);
    assert.equal(answer.headers.get("retry-after"), "2");
    const page = await browser.get(`${base}/contacts`);
    assert.equal(page.status, 503);
    assert.match(textOf(page.body), /The directory is out of date/);
    problemIn(await uma.post("/contacts", { firstName: "A", lastName: "B" }), 503);
    const late = await logIn("00uma");
    assert.equal(late.visit.status, 503);
    const left = await leaving.browser.request(`${base}/logout`, {
      method: "POST",
      headers: { "X-CSRF-Token": csrfTokenOf(leaving.visit.body) },
    });
    assert(left.status < 400, `a user may leave: ${left.status}`);
    assert.equal((await clientOf(app.url).get("/")).status, 200);
    assert.equal((await service.get("/contacts")).status, 200);
    const ready = await clientOf(app.url).get("/readyz");
    assert.equal(ready.status, 200);
    await rows.follow(0);
    await sleep(STALE_MS);
    assert.equal((await uma.get("/contacts")).status, 200);
    assert.equal((await browser.get(`${base}/contacts`)).status, 200, "the session is still there");
    assert.equal((await leaving.browser.request(`${base}/contacts`)).status, 302, "the session that was left is over");
  });

  it("of services are by what their tokens say; nothing is asked about them, and what they own says whose it is", async () => {
    const token = await app.issuer.accessToken({ cid: "0oaservice", sub: "0oaservice", groups: ["user"] });
    const service = clientOf(app.url, token);
    const profile = json<Record<string, unknown>>(await service.get("/profile"));
    assert.deepEqual([profile.id, profile.roles], ["0oaservice", ["user"]]);
    assert.equal(profile.directoryVersion, undefined);
    assert.deepEqual(fetched, []);
    const { id } = await createContact(service);
    const shown = async () => textOf(pageIn(await uma.get(`/contacts/${id}`, { Accept: "text/html" })));
    await until(async () => (await shown()).includes("the service 0oaservice"), 30_000, "the owner has a name");
    const [stored] = await app.database.db.select({ roles: people.roles }).from(people).where(eq(people.id, "00uma"));
    assert.deepEqual(stored?.roles, [], "of users only what the directory reads is stored");
  });

  it("show no name of an owner who was erased, and the decision log shows the id", async () => {
    await rows.user("00owner", { name: "Olga Olsen" }, ["g-user"]);
    const { id } = await createContact(await app.as("00owner", "user", ""));
    const shown = async () => textOf(pageIn(await uma.get(`/contacts/${id}`, { Accept: "text/html" })));
    assert((await shown()).includes("Olga Olsen"));
    await rows.user("00owner", { status: "DEPROVISIONED", goneAt: new Date() }, []);
    assert((await shown()).includes("Olga Olsen"), "who is gone keeps a name");
    assert.deepEqual(await erasePerson(app.database.db, "00owner"), { outcome: "erased" });
    const page = await shown();
    assert(page.includes("an unknown user") && !page.includes("Olga"), page);
    await app.decisionLog.flush();
    await rows.user("00audrey", {}, ["g-auditor"]);
    const auditor = await app.as("00audrey", "auditor", "");
    const log = textOf(pageIn(await auditor.get("/audit?person=00owner&action=create", { Accept: "text/html" })));
    assert.match(log, /00owner added /);
    assert(!log.includes("Olga"));
  });

  it("need no userinfo when the token has no groups", async () => {
    const token = await app.issuer.accessToken({ uid: "00uma", sub: "uma@test.example" });
    const asked = () => app.issuer.requests.filter(({ path }) => path.endsWith("/userinfo")).length;
    const before = asked();
    assert.equal((await clientOf(app.url, token).get("/contacts")).status, 200);
    assert.equal(asked(), before);
  });

  describe("are recorded, when they are about a session,", () => {
    const idle = sql`now() - interval '2 hours'`;
    const logOut = (browser: UserAgent, base: string, csrf: string) =>
      browser.request(`${base}/logout`, { method: "POST", headers: { "X-CSRF-Token": csrf, Accept: "text/html" } });
    const factsOf = async (action: string) => {
      const { principal, directoryVersion, reason } = await newest(action);
      return [principal.id, principal.roles, directoryVersion === undefined ? "none" : "version", reason];
    };

    it("with the roles of the directory and its version, and never with those that the login said", async () => {
      const { browser, base, visit } = await logIn("00uma");
      assert.deepEqual(await factsOf("login"), ["00uma", ["user"], "version", null]);
      await logOut(browser, base, csrfTokenOf(visit.body));
      assert.deepEqual(await factsOf("logout"), ["00uma", ["user"], "version", null]);
    });

    it("without roles while the directory is too old, and where a session ends by itself", async () => {
      const { browser, base, visit } = await logIn("00uma");
      const idler = await logIn("00uma");
      await rows.follow(MAX_AGE_SECONDS + 5);
      await sleep(STALE_MS);
      // The page of the error has a menu, about which the policies would be asked.
      const refused = await logOut(browser, base, "wrong");
      assert.equal(refused.status, 403);
      assert.notDeepEqual((await newest()).principal, { id: "00uma", roles: ["admin"] });
      await logOut(browser, base, csrfTokenOf(visit.body));
      assert.deepEqual(await factsOf("logout"), ["00uma", [], "none", null]);

      await app.database.db.update(sessions).set({ seenAt: idle }).where(eq(sessions.personId, "00uma"));
      // Sessions that have ended are looked for at the first request to an app.
      const { port } = new URL(await app.serve(app.decisionLog, []));
      await idler.browser.request(`http://localhost:${port}/`, {
        headers: { Cookie: idler.browser.cookieHeaderFor(base) },
      });
      const isRecorded = async () => (await newest("end"))?.principal?.id === "00uma";
      await until(isRecorded, 30_000, "the end is recorded");
      assert.deepEqual(await factsOf("end"), ["00uma", [], "none", "idle"]);
    });
  });

  it("for the profile's page tell which group gives which role, and as of when", async () => {
    const { visit } = await logIn("00uma");
    const page = textOf(pageIn(visit));
    assert(page.includes("Roles user from the group user "), page);
    assert.match(page, /Okta's directory says you belong to, as of \d+ \w+ \d{4}/);
    assert.match(page, /a change there takes effect here within seconds/);
  });

  it("that go on for long end when their user loses the role, with a token and in a browser", async () => {
    await rows.user("00watcher", {}, ["g-auditor"]);
    const token = await app.token("00watcher", "user", "Told");
    const { browser, base } = await logIn("00watcher");
    const byToken = await fetch(`${base}/audit/tail`, { headers: { Authorization: `Bearer ${token}` } });
    const inBrowser = await fetch(`${base}/audit/tail`, { headers: { Cookie: browser.cookieHeaderFor(base) } });
    const ended = [byToken, inBrowser].map(async (answer) => {
      assert.equal(answer.status, 200);
      await answer.text().catch(() => {});
    });
    assert.equal(await Promise.race([...ended, sleep(2_500, "open")]), "open");
    await rows.user("00watcher", {}, ["g-user"]);
    assert.notEqual(await Promise.race([Promise.all(ended), sleep(30_000, "open", { ref: false })]), "open");
  });

  it("to /readyz tell how old the directory is, and it is ready however old", async () => {
    const stranger = clientOf(app.url);
    for (const [age, state] of [
      [5, "ok"],
      [MAX_AGE_SECONDS + 5, "unavailable"],
      [null, "unavailable"],
    ] as const) {
      await rows.follow(age);
      await sleep(1_100);
      const { checks, ageSeconds } = json<{
        checks: Record<string, string>;
        ageSeconds: Record<string, number | null>;
      }>(await stranger.get("/readyz"));
      assert.equal(checks.directory, state);
      if (age === null) assert.equal(ageSeconds.directory, null);
      else {
        const reported = ageSeconds.directory ?? -1;
        assert(reported >= age && reported < age + 30, `${reported}`);
      }
    }
  });

  it("cost at most one look at the version in 100 ms, and one read of each person", async () => {
    await uma.get("/profile");
    const texts = recordQueryTexts(app.database);
    const began = performance.now();
    for (let n = 0; n < 30; n += 1) await Promise.all(Array.from({ length: 10 }, () => uma.get("/profile")));
    const elapsed = performance.now() - began;
    const looks = texts.filter((text) => /directory_state/.test(text) && !/people/.test(text));
    const reads = texts.filter((text) => /from "directory_state"/.test(text) && /people/.test(text));
    assert(looks.length > 0 && looks.length <= elapsed / 100 + 1, `${looks.length} looks in ${elapsed} ms`);
    assert(reads.length <= 1, `${reads.length} reads`);
  });

  describe("that share a contact", () => {
    const share = async (email: string) => {
      const contact = await createContact(uma, { visibility: "private" });
      return uma.post(`/contacts/${contact.id}/share`, { email, as: "viewer" }, { "If-Match": '"1"' });
    };

    it("reach whoever alone has the address, has not left, and has a role by their groups", async () => {
      await rows.user("00omar", { email: "omar@test.example", name: "Omar" }, ["g-user"]);
      await rows.user("00gone", { email: "omar@test.example", status: "DEPROVISIONED", goneAt: new Date() }, []);
      assert.equal((await share("Omar@test.example")).status, 200);
    });

    it("reach nobody else", async () => {
      const message = async (email: string) => messagesIn(problemIn(await share(email), 422)).email ?? "";
      await rows.user("00left", { email: "left@test.example", goneAt: new Date() }, []);
      assert.match(await message("left@test.example"), /^Nobody in Okta's directory/);
      for (const id of ["00twin1", "00twin2"]) await rows.user(id, { email: "twin@test.example" }, ["g-user"]);
      assert.match(await message("twin@test.example"), /^Several people in Okta's directory/);
      await rows.user("00nina", { email: "nina@test.example", name: "Nina" }, ["g-app"]);
      assert.equal(await message("nina@test.example"), "Nina has no role in this CRM.");
      await rows.user("00susi", { email: "susi@test.example", name: "Susi", status: "SUSPENDED" }, ["g-user"]);
      assert.equal(await message("susi@test.example"), "Susi has no role in this CRM.");
      await rows.user("00early", { email: "early@test.example" }, ["g-user"]);
      await rows.follow(0, false);
      assert.match(await message("early@test.example"), /^Okta's directory is still being read/);
    });
  });
});
