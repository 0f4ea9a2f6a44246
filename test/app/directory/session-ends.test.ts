import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { rowsOf } from "../../../app/db/database.js";
import { requestToken } from "../../../app/demo/identity-provider/request-token.js";
import { bearer } from "../../support/http/bearer.js";
import { csrfTokenOf, pageIn, textOf } from "../../support/http/page.js";
import { logIn } from "../../support/http/sign-in.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { useDirectoryCrm } from "../../support/stack/directory-crm.js";
import { killRevokers } from "../../support/stack/revocation-kills.js";
import { until } from "../../support/until.js";

const LIMIT_MS = 30_000;
/** Longer than a hook takes that has no effect. */
const QUIET_MS = 1_000;
/** `iat` of an access token is in whole seconds: the next one is later than a revocation of now. */
const NEXT_SECOND_MS = 1_001;

describe("what a user has", () => {
  const crm = useDirectoryCrm({ processes: 2, syncSeconds: 600 });
  const [first, second] = [0, 1].map((n) => () => crm.processes[n]?.url ?? assert.fail()) as [
    () => string,
    () => string,
  ];
  before(async () => {
    crm.relay.target = second();
    await crm.loaded();
  });

  const idOf = (name: string) => crm.idp.org.organization.user(`${name}@example.com`).id;
  const newToken = (name: string) => requestToken(crm.idp.issuer, `${name}@example.com`);
  const isTaken = async (token: string, url = first()) =>
    (await fetch(`${url}/profile`, { headers: { ...bearer(token), accept: "application/json" } })).status === 200;

  async function browserOf(name: string) {
    const agent = new UserAgent();
    await logIn(agent, `${first()}/login?returnTo=/profile`, `${name}@example.com`);
    const page = () => agent.request(`${first()}/profile`);
    const isIn = async () => (await page()).status === 200;
    assert(await isIn());
    const press = async (path: string) => {
      const form = { _csrf: csrfTokenOf(pageIn(await page())) };
      return agent.request(first() + path, { method: "POST", body: new URLSearchParams(form) });
    };
    return { agent, isIn, press };
  }
  async function recordOf(action: string, name: string, reason: string) {
    const [row] = await rowsOf<{ record: string }>(
      crm.db,
      sql`select record from decisions where kind = 'session' and action = ${action} and principal_id = ${idOf(name)}
        and record::json ->> 'reason' = ${reason} order by seq desc limit 1`,
    );
    return row && JSON.parse(row.record);
  }
  /** Sends an event of its own to the hook. */
  async function deliver(event: object) {
    const body = { data: { events: [{ uuid: randomUUID(), published: new Date().toISOString(), ...event }] } };
    const response = await fetch(`${second()}/okta/events`, {
      method: "POST",
      headers: { Authorization: crm.hookSecret },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 204);
  }

  it("ends when an administrator of Okta clears their sessions: in all browsers and processes", async () => {
    const [token, ...browsers] = [await newToken("omar"), await browserOf("omar"), await browserOf("omar")];
    const another = await browserOf("uma");
    crm.idp.org.organization.clearSessions(idOf("omar"));
    for (const { isIn } of browsers) await until(async () => !(await isIn()), LIMIT_MS, "the session ends");
    assert.deepEqual(
      [await isTaken(token), await isTaken(token, second()), await another.isIn()],
      [false, false, true],
    );
    assert.equal((await recordOf("revoke_all", "omar", "ended_in_okta")).askedBy, null);
    await sleep(NEXT_SECOND_MS);
    assert(await isTaken(await newToken("omar")));
  });

  it("ends when they log out of Okta elsewhere, and not when they log out here in one browser", async () => {
    const [here, there] = [await browserOf("audrey"), await browserOf("audrey")];
    const token = await newToken("audrey");
    const before = crm.relay.statuses["204"] ?? 0;
    const answer = await here.press("/logout");
    const onward = /url=([^"]+)"/.exec(answer.body)?.[1]?.replaceAll("&amp;", "&") ?? answer.headers.get("location");
    await here.agent.get(onward ?? assert.fail("no way to Okta"), (url) => url.origin === new URL(first()).origin);
    await until(() => (crm.relay.statuses["204"] ?? 0) > before, LIMIT_MS, "Okta says that its session has ended");
    await sleep(QUIET_MS);
    assert.deepEqual([await here.isIn(), await there.isIn(), await isTaken(token)], [false, true, true]);

    await sleep(NEXT_SECOND_MS);
    await deliver({ eventType: "user.session.end", target: [], actor: { id: idOf("uma"), type: "User" } });
    await until(async () => (await recordOf("revoke_all", "uma", "ended_in_okta")) !== undefined, LIMIT_MS, "a record");
  });

  it("goes on when they got it after the moment that an event tells of, however late it comes, or early", async () => {
    const user = (name: string) => [{ id: idOf(name), type: "User" }];
    const old = await newToken("alice");
    const began = new Date().toISOString();
    await sleep(NEXT_SECOND_MS);
    const [token, { isIn }] = [await newToken("alice"), await browserOf("alice")];
    await deliver({ eventType: "user.session.clear", target: user("alice"), published: began });
    await deliver({ eventType: "user.session.clear", target: user("alice"), published: "2020-01-01T00:00:00.000Z" });
    await deliver({
      eventType: "user.session.clear",
      target: [
        { id: "../x", type: "User" },
        { id: "x", type: "App" },
      ],
    });
    assert.deepEqual([await isTaken(token), await isIn(), await isTaken(old)], [true, true, false]);
    await deliver({ eventType: "user.session.clear", target: user("alice"), published: "2999-01-01T00:00:00.000Z" });
    assert.deepEqual([await isTaken(token), await isIn()], [false, false]);
    await sleep(NEXT_SECOND_MS);
    assert(await isTaken(await newToken("alice")), "it does not reach into the future");
    const again = await browserOf("alice");
    await deliver({ eventType: "user.authentication.universal_logout", target: user("alice"), published: "some day" });
    assert.equal(await again.isIn(), false, "without a time it is now");
  });

  it("is void by the moment that is stored alone, though no session was deleted yet", async () => {
    const [token, { isIn }] = [await newToken("nina"), await browserOf("nina")];
    await crm.db.execute(
      sql`insert into revocations (person_id, void_until) values (${idOf("nina")}, clock_timestamp())
        on conflict (person_id) do update set void_until = excluded.void_until`,
    );
    assert.deepEqual([await isTaken(token), await isIn()], [false, false]);
  });

  it("ends by the button on the person's page, for administrators alone", async () => {
    await sleep(NEXT_SECOND_MS);
    const [omar, token] = [await browserOf("omar"), await newToken("omar")];
    const [alice, uma] = [await browserOf("alice"), await browserOf("uma")];
    const path = `/directory/people/${idOf("omar")}`;
    assert.equal((await uma.press(`${path}/revoke`)).status, 403);
    assert.deepEqual([await omar.isIn(), await isTaken(token)], [true, true]);
    assert.match(pageIn(await alice.agent.request(first() + path)), /Log out everywhere/);
    assert.equal((await alice.press(`${path}/revoke`)).status, 303);
    assert.deepEqual([await omar.isIn(), await isTaken(token), await isTaken(token, second())], [false, false, false]);
    const text = textOf(pageIn(await alice.agent.request(first() + path)));
    assert.match(
      text,
      /They are logged out everywhere: 1 session has ended, and the access tokens that they had are refused\./,
    );
    const record = await recordOf("revoke", "omar", "by_administrator");
    assert.deepEqual([record.askedBy, record.principal.id], [idOf("alice"), idOf("omar")]);
    const [decision] = await rowsOf<{ record: string }>(
      crm.db,
      sql`select record from decisions where kind = 'directory' and action = 'revoke' and effect = 'allow'`,
    );
    assert.equal(JSON.parse(decision?.record ?? "").change.id, idOf("omar"));
  });

  it("ends when they log out everywhere, their access tokens included", async () => {
    await sleep(NEXT_SECOND_MS);
    const [here, there, token] = [await browserOf("nina"), await browserOf("nina"), await newToken("nina")];
    await here.press("/logout/everywhere");
    assert.deepEqual([await here.isIn(), await there.isIn(), await isTaken(token)], [false, false, false]);
  });

  it("is refused by the other process once Okta has its answer, whenever the process that gave it is killed", async () => {
    await sleep(NEXT_SECOND_MS);
    const { answered } = await killRevokers(crm, "omar@example.com", 3);
    assert(answered >= 1);
  });

  it("stays void when they are deactivated and are active again before they notice", async () => {
    await sleep(NEXT_SECOND_MS);
    const [{ isIn }, token] = [await browserOf("uma"), await newToken("uma")];
    const { organization } = crm.idp.org;
    organization.changeStatus(idOf("uma"), "suspend");
    await until(async () => (await recordOf("revoke_all", "uma", "not_active")) !== undefined, LIMIT_MS, "a record");
    organization.changeStatus(idOf("uma"), "unsuspend");
    await sleep(NEXT_SECOND_MS);
    const isBack = async () => isTaken(await newToken("uma"));
    await until(isBack, LIMIT_MS, "she is back");
    assert.deepEqual([await isIn(), await isTaken(token)], [false, false]);
  });
});
