import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { SignJWT } from "jose";
import { type Db, rowsOf } from "../../../../app/db/database.js";
import { requestToken } from "../../../../app/demo/identity-provider/request-token.js";
import { generateSigningKey } from "../../../../app/demo/identity-provider/tokens/keys.js";
import type { LogoutTokenChanges } from "../../../../app/demo/okta-org/universal-logout.js";
import { useFixture } from "../../../support/fixture.js";
import { bearer } from "../../../support/http/bearer.js";
import { logIn } from "../../../support/http/sign-in.js";
import { UserAgent } from "../../../support/http/user-agent.js";
import { uma } from "../../../support/okta/identity-provider.js";
import { type DirectoryCrm, useDirectoryCrm } from "../../../support/stack/directory-crm.js";
import { until } from "../../../support/until.js";

const PATH = "/okta/global-token-revocation";
/** `iat` of an access token is in whole seconds: the next one is later than a revocation of now. */
const NEXT_SECOND_MS = 1_001;

describe("POST /okta/global-token-revocation", () => {
  const crm = useDirectoryCrm({ syncSeconds: 600 });
  const app = useFixture(async () => {
    const { url } = crm.processes[0] ?? assert.fail();
    return { url };
  });
  before(() => crm.loaded());

  const bySubject = (sub: string) => ({ sub_id: { format: "iss_sub", iss: origin(crm), sub } });
  const byEmail = (email: unknown) => ({ sub_id: { format: "email", email } });
  const send = (body: unknown, authorization: string | null) =>
    fetch(app.url + PATH, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(authorization === null ? {} : { Authorization: authorization }),
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const sign = async (changes?: LogoutTokenChanges) => `Bearer ${await crm.idp.universalLogout.token(changes)}`;
  const statusOf = async (token: string) => (await fetch(`${app.url}/contacts`, { headers: bearer(token) })).status;
  const newToken = (login: string) => requestToken(crm.idp.issuer, login);

  /** What a user has, and whether each of it still opens the CRM. */
  async function accessOf(login: string) {
    const token = await newToken(login);
    const browser = new UserAgent();
    assert.equal((await logIn(browser, `${app.url}/contacts`, login)).url.pathname, "/contacts");
    const works = async () => {
      const page = await browser.request(`${app.url}/contacts`);
      return [page.status === 200, (await statusOf(token)) === 200];
    };
    assert.deepEqual(await works(), [true, true]);
    return works;
  }

  for (const [what, subject] of [
    ["issuer and subject", () => bySubject(uma.id)],
    ["the issuer of access tokens", () => ({ sub_id: { format: "iss_sub", iss: crm.idp.issuer, sub: uma.id } })],
    ["e-mail address", () => byEmail("UMA@example.com")],
  ] as const) {
    it(`ends all that a user has who is named by ${what}, and nothing of others`, async () => {
      const [works, others] = [await accessOf(uma.login), await accessOf("alice@example.com")];
      const answer = await send(subject(), await sign());
      assert.deepEqual([answer.status, await answer.text()], [204, ""]);
      assert.deepEqual(await works(), [false, false]);
      assert.deepEqual(await others(), [true, true]);
      for (const action of ["revoke_all", "revoke"]) {
        const { principal, effect } = await recordOf(crm.db, action, "by_okta");
        assert.deepEqual([principal.id, effect], [uma.id, "allow"]);
      }
      await sleep(NEXT_SECOND_MS);
      assert.equal(await statusOf(await newToken(uma.login)), 200, "a new access token");
    });
  }

  it("is 401 the second time that a token is sent, one after the other and at once", async () => {
    const token = await sign();
    assert.equal((await send(bySubject(uma.id), token)).status, 204);
    const before = await momentOf(crm.db, uma.id);
    for (const body of [bySubject(uma.id), byEmail("alice@example.com")])
      assert.equal((await send(body, token)).status, 401);
    assert.equal(await momentOf(crm.db, uma.id), before);
    const another = await sign();
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(bySubject(uma.id), another)));
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [204, ...Array.from({ length: 7 }, () => 401)]);
  });

  const now = () => Math.floor(Date.now() / 1_000);
  const claims = (changed: Record<string, unknown>) => () => sign({ claims: changed });
  const header = (changed: Record<string, unknown>) => () => sign({ header: changed });
  const refused: Record<string, () => Promise<string | null>> = {
    "without a token": async () => null,
    "with an empty token": async () => "Bearer ",
    "with another scheme": async () => (await sign()).replace("Bearer", "SSWS"),
    "with what is no token": async () => "Bearer a.b.c",
    "signed by another key with the same id": async () => {
      const key = await generateSigningKey();
      const kid = JSON.parse(Buffer.from((await sign()).split(/[ .]/)[1] ?? "", "base64url").toString()).kid;
      return sign({ key, header: { kid } });
    },
    "signed by a key that the organization does not have": async () => sign({ key: await generateSigningKey() }),
    "without a key's id": header({ kid: undefined }),
    "whose claims were changed after it was signed": async () => {
      const [head, payload = "", signature] = (await sign()).split(".");
      const changed = { ...JSON.parse(Buffer.from(payload, "base64url").toString()), sub: "crm", jti: "another" };
      return [head, Buffer.from(JSON.stringify(changed)).toString("base64url"), signature].join(".");
    },
    "that is an access token": async () => `Bearer ${await newToken(uma.login)}`,
    "with typ JWT": header({ typ: "JWT" }),
    "with typ at+jwt": header({ typ: "application/at+jwt" }),
    "with typ logout+jwt": header({ typ: "logout+jwt" }),
    "without typ": header({ typ: undefined }),
    "with alg none": async () => {
      const [, payload] = (await sign()).slice(7).split(".");
      const head = { alg: "none", typ: "global-token-revocation+jwt" };
      return `Bearer ${Buffer.from(JSON.stringify(head)).toString("base64url")}.${payload}.`;
    },
    "with alg HS256 and the public key as the secret": async () => {
      const keys = await (await fetch(`${origin(crm)}/oauth2/v1/keys`)).text();
      const [head, payload = ""] = (await sign()).slice(7).split(".");
      const { kid, typ } = JSON.parse(Buffer.from(head ?? "", "base64url").toString());
      const signed = new SignJWT(JSON.parse(Buffer.from(payload, "base64url").toString()));
      return `Bearer ${await signed.setProtectedHeader({ alg: "HS256", kid, typ }).sign(new TextEncoder().encode(keys))}`;
    },
    "for another address": claims({ aud: "https://other.example.com/okta/global-token-revocation" }),
    "for the origin alone": async () => sign({ claims: { aud: app.url } }),
    "without an audience": claims({ aud: undefined }),
    "of another issuer": claims({ iss: "https://other.example.com" }),
    "of the authorization server": async () => sign({ claims: { iss: crm.idp.issuer } }),
    "without an issuer": claims({ iss: undefined }),
    "for another application": claims({ sub: "0oa1other" }),
    "without a subject": claims({ sub: undefined }),
    "that has expired": async () => sign({ claims: { iat: now() - 120, nbf: now() - 120, exp: now() - 60 } }),
    "without an end": claims({ exp: undefined }),
    "that is not valid yet": async () => sign({ claims: { nbf: now() + 60 } }),
    "that was issued in the future": async () => sign({ claims: { iat: now() + 60 } }),
    "that was issued long ago, though it has not expired": async () => sign({ claims: { iat: now() - 3_600 } }),
    "that does not say when it was issued": claims({ iat: undefined }),
    "without an id": claims({ jti: undefined }),
    "with an empty id": claims({ jti: "" }),
    "with an id that is no text": claims({ jti: 7 }),
    "with an id without end": claims({ jti: "x".repeat(256) }),
  };
  for (const [what, token] of Object.entries(refused)) {
    it(`is 401 ${what}, and has no effect`, async () => {
      const answer = await send(bySubject(uma.id), await token());
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
    });
  }

  const malformed: Record<string, unknown> = {
    empty: "",
    "no JSON": "{",
    "a list": [],
    null: "null",
    "without a subject": {},
    "with a subject that is null": { sub_id: null },
    "with a subject that is a text": { sub_id: "uma@example.com" },
    "without a format": { sub_id: { email: "uma@example.com" } },
    "with a format that is not supported": { sub_id: { format: "opaque", id: uma.id } },
    "with an address that is no text": byEmail({ $ne: "" }),
    "with an empty address": byEmail(""),
    "with an address without end": byEmail(`${"a".repeat(500)}@example.com`),
    "with a NUL in the address": byEmail("uma@example.com\0"),
    "without an issuer": { sub_id: { format: "iss_sub", sub: uma.id } },
    "with an issuer that is a list": { sub_id: { format: "iss_sub", iss: ["x"], sub: uma.id } },
    "without the issuer's subject": { sub_id: { format: "iss_sub", iss: "x" } },
  };
  for (const [what, body] of Object.entries(malformed)) {
    it(`is 400 when the body is ${what}, and has no effect`, async () => {
      assert.equal((await send(body, await sign())).status, 400);
    });
  }

  it("is 404 for a user who is not known here, of another issuer, or gone, and has no effect", async () => {
    for (const body of [
      byEmail("nobody@example.com"),
      bySubject("00unobody"),
      bySubject("uma@example.com"),
      { sub_id: { format: "iss_sub", iss: "https://other.example.com", sub: uma.id } },
    ]) {
      assert.equal((await send(body, await sign())).status, 404, JSON.stringify(body));
    }
  });

  it("has had no effect by all of that", async () => {
    const before = await momentOf(crm.db, uma.id);
    assert(before, "a revocation that has worked");
    const works = await accessOf(uma.login);
    for (const token of Object.values(refused)) await send(bySubject(uma.id), await token());
    for (const body of Object.values(malformed)) await send(body, await sign());
    assert.equal(await momentOf(crm.db, uma.id), before);
    assert.deepEqual(await works(), [true, true]);
  });

  it("is 413 when the body is too large", async () => {
    assert.equal((await send({ ...bySubject(uma.id), more: "x".repeat(20_000) }, await sign())).status, 413);
  });

  it("is 405 by another method", async () => {
    const answer = await fetch(app.url + PATH);
    assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "POST"]);
  });

  it("takes what is Okta's, however many others come from the same network, and tells these 429", async () => {
    const refusals = await Promise.all(Array.from({ length: 80 }, () => send(bySubject(uma.id), "Bearer a.b.c")));
    assert(refusals.some(({ status }) => status === 429));
    assert.equal((await send(bySubject(uma.id), await sign())).status, 204);
  });

  it("ends a live tail", async () => {
    const response = await fetch(`${app.url}/audit/tail`, {
      headers: { ...bearer(await newToken("audrey@example.com")), accept: "text/event-stream" },
    });
    assert.equal(response.status, 200);
    let hasEnded = false;
    const reading = response.text().then(() => (hasEnded = true));
    assert.equal((await send(byEmail("audrey@example.com"), await sign())).status, 204);
    await until(() => hasEnded, 30_000, "the tail ends");
    await reading;
  });

  it("refuses a login that was under way, which is begun again by itself", async () => {
    const browser = new UserAgent();
    const signIn = await browser.get(`${app.url}/login?returnTo=%2Fcontacts`);
    assert.equal((await send(byEmail("omar@example.com"), await sign())).status, 204);
    const back = await logIn(browser, signIn.url.href, "omar@example.com");
    assert.deepEqual([back.status, back.url.pathname], [200, "/contacts"]);
    assert.equal((await recordOf(crm.db, "login", "revoked_meanwhile")).effect, "deny");
  });
});

function origin({ idp }: Pick<DirectoryCrm, "idp">): string {
  return new URL(idp.issuer).origin;
}

async function momentOf(db: Db, personId: string): Promise<string | undefined> {
  const [row] = await rowsOf<{ until: string }>(
    db,
    sql`select void_until::text as until from revocations where person_id = ${personId}`,
  );
  return row?.until;
}

/** The newest record of sessions with an action and a reason; it is waited for. */
async function recordOf(db: Db, action: string, reason: string) {
  let text = "";
  const isThere = async () => {
    const [row] = await rowsOf<{ record: string }>(
      db,
      sql`select record from decisions where kind = 'session' and action = ${action}
        and record::json ->> 'reason' = ${reason} order by seq desc limit 1`,
    );
    text = row?.record ?? "";
    return row !== undefined;
  };
  await until(isThere, 30_000, `a record of ${action}, ${reason}`);
  return JSON.parse(text);
}
