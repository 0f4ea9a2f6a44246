import assert from "node:assert/strict";
import { flushLog, searchLog } from "../../../support/audit/log-search.js";
import { contactIn, createContact, uniqueWord } from "../../../support/contacts/contacts.js";
import { problemIn } from "../../../support/http/answers.js";
import { type Client, clientOf } from "../../../support/http/client.js";
import { fieldsOf, pageIn, textOf } from "../../../support/http/page.js";
import { UserAgent, type Visit } from "../../../support/http/user-agent.js";
import { useIssuerStack, useOwnIssuerStack } from "../../../support/okta/issuer-stacks.js";
import { until } from "../../../support/until.js";

const MINUTES = 5;
const challenge = 'Bearer error="insufficient_user_authentication", max_age="300"';
const ago = (minutes: number) => Math.floor(Date.now() / 1000 - minutes * 60);

describe("a recent login", function () {
  this.timeout(120_000);
  const { stack, issuer } = useOwnIssuerStack({ REAUTHENTICATE_MINUTES: String(MINUTES) });
  const { stack: lenient, issuer: itsIssuer } = useIssuerStack();

  /** An administrator, who may transfer contacts and export the log. What Okta says of their login can be changed. */
  function newAdmin(at = issuer) {
    const sub = uniqueWord();
    const email = `${sub}@test.example`;
    const idToken: Record<string, unknown> = { sub, email, email_verified: true, groups: ["admin"] };
    at.accounts.set(email, { idToken });
    const isOld = () => Object.assign(idToken, { auth_time: ago(MINUTES + 1) });
    const isNew = () => delete idToken.auth_time;
    return { sub, email, idToken, isOld, isNew };
  }
  const token = (claims: Record<string, unknown> = {}, at = issuer) => {
    const uid = uniqueWord();
    return at.accessToken({ uid, sub: `${uid}@test.example`, groups: ["admin"], ...claims });
  };
  /** Logs in, with an account for which Okta asks nothing. */
  async function logIn(email: string, url = stack.url): Promise<UserAgent> {
    const browser = new UserAgent();
    pageIn(await browser.get(`${url}/login?${new URLSearchParams({ login_hint: email })}`));
    return browser;
  }
  async function newContact(client: Client, ownerOf?: string) {
    const contact = await createContact(client, { company: uniqueWord(), visibility: "everyone" });
    return { ...contact, path: `/contacts/${contact.id}/transfer`, ownerOf };
  }
  const lastAsked = () => issuer.requests.findLast(({ path }) => path === "/v1/authorize")?.params ?? {};
  const assertAsks = (answer: Pick<Visit, "status" | "headers" | "body">) => {
    assert.match(
      textOf(pageIn(answer, 401)),
      /Log in again Nothing was changed\. This needs a login of the last 5 minutes/,
    );
    assert.equal(answer.headers.get("www-authenticate"), challenge);
  };

  let api: Client;
  before(async () => {
    api = clientOf(stack.url, await token({ auth_time: ago(0) }));
  });

  it("is asked for before a contact is transferred, and leads back to the form", async () => {
    const admin = newAdmin();
    const { path } = await newContact(api);
    admin.isOld();
    const browser = await logIn(admin.email);
    assertAsks(await browser.request(`${stack.url}${path}`));
    admin.isNew();
    const before = browser.cookieHeaderFor(stack.url);
    const form = await browser.get(`${stack.url}${path}`);
    assert.equal(form.url.href, `${stack.url}${path}`);
    fieldsOf(pageIn(form), path);
    assert.equal(lastAsked().max_age, "300");
    assert.equal(lastAsked().login_hint, admin.email);
    assert.notEqual(browser.cookieHeaderFor(stack.url), before, "a new session");
    await flushLog(api);
    const { decisions } = await searchLog(api, { person: admin.sub, action: "end" });
    const ended = decisions.map((record) => record.source === "session" && record.reason);
    assert.deepEqual(ended, ["replaced"], "the session before it is on record as ended");
    pageIn(await browser.request(`${stack.url}${path}`));
  });

  it("is asked for when the form has been open too long, and what was typed is there again", async () => {
    const admin = newAdmin();
    const colleague = newAdmin();
    await logIn(colleague.email);
    const { path, id } = await newContact(api);
    admin.isOld();
    const browser = await logIn(admin.email);
    admin.isNew();
    const page = await browser.get(`${stack.url}/`);
    const { _csrf = "" } = fieldsOf(pageIn(page), "/logout");
    const send = () =>
      browser.request(`${stack.url}${path}`, {
        method: "POST",
        body: new URLSearchParams({ _csrf, version: "1", email: colleague.email }),
      });
    assertAsks(await send());
    assert.notEqual(contactIn(await api.get(`/contacts/${id}`)).ownerId, colleague.sub);
    const body = new URLSearchParams({ _csrf, version: "1", email: colleague.email });
    const form = await browser.request(`${stack.url}${path}`, { method: "POST", body, follow: true });
    assert.equal(form.url.pathname, path);
    const fields = fieldsOf(pageIn(form), path);
    assert.equal(fields.email, colleague.email);
    pageIn(await browser.post(`${stack.url}${path}`, fields));
    assert.equal(contactIn(await api.get(`/contacts/${id}`)).ownerId, colleague.sub);
  });

  it("is asked for before the log is exported, and leads back to the search", async () => {
    const admin = newAdmin();
    admin.isOld();
    const browser = await logIn(admin.email);
    const exported = `${stack.url}/audit/export?format=csv&action=update&effect=deny`;
    assertAsks(await browser.request(exported));
    admin.isNew();
    const end = await browser.get(exported);
    assert.equal(end.url.href, `${stack.url}/audit?action=update&effect=deny`);
    const file = await browser.request(exported);
    assert.equal(file.status, 200);
    assert.match(file.headers.get("content-type") ?? "", /^text\/csv/);
  });

  it("is asked for nowhere else, and by no setting, nowhere", async () => {
    const admin = newAdmin();
    const { path, id } = await newContact(api);
    admin.isOld();
    const browser = await logIn(admin.email);
    for (const other of ["/contacts", `/contacts/${id}`, `/contacts/${id}/share`, "/audit", "/profile"]) {
      pageIn(await browser.request(`${stack.url}${other}`));
    }
    const theirs = clientOf(lenient.url, await token({}, itsIssuer));
    const contact = await newContact(theirs);
    const other = newAdmin(itsIssuer);
    other.isOld();
    pageIn(await (await logIn(other.email, lenient.url)).request(`${lenient.url}${contact.path}`));
    assert.equal((await theirs.get("/audit/export?format=csv")).status, 200);
    assert.ok(path);
  });

  it("must be what Okta says it is: an ID token that is too old, or does not say, is refused", async () => {
    const { path } = await newContact(api);
    for (const auth_time of [ago(MINUTES + 3), 0, null, String(ago(0)), undefined]) {
      const admin = newAdmin();
      admin.isOld();
      const browser = await logIn(admin.email);
      Object.assign(admin.idToken, { auth_time });
      const end = await browser.get(`${stack.url}${path}`);
      assert.match(textOf(pageIn(end, 400)), /The login was not completed/, String(auth_time));
      assertAsks(await browser.request(`${stack.url}${path}`));
    }
  });

  it("is not what a login was that does not say when its user was asked", async () => {
    const { path } = await newContact(api);
    for (const claims of [{ auth_time: null }, { auth_time: "now" }, { auth_time: ago(MINUTES + 1) }]) {
      const admin = newAdmin();
      Object.assign(admin.idToken, claims);
      assertAsks(await (await logIn(admin.email)).request(`${stack.url}${path}`));
    }
  });

  it("is asked of access tokens as well, by a challenge", async () => {
    const stale = [{ auth_time: ago(MINUTES + 1) }, {}, { auth_time: String(ago(0)) }, { auth_time: null }];
    const { path, id } = await newContact(api);
    for (const claims of stale) {
      const client = clientOf(stack.url, await token(claims));
      for (const answer of [
        await client.post(path, { email: "a@test.example" }, { "If-Match": "*" }),
        await client.get("/audit/export?format=ndjson"),
      ]) {
        assert.match(problemIn(answer, 401).title, /Log in again/);
        assert.equal(answer.headers.get("www-authenticate"), challenge);
      }
      assert.equal((await client.get(`/contacts/${id}`)).status, 200);
    }
    assert.equal((await api.get("/audit/export?format=ndjson")).status, 200);
  });

  it("is not asked of who may not do it anyway", async () => {
    const { path } = await newContact(api);
    const user = clientOf(stack.url, await token({ groups: ["user"] }));
    problemIn(await user.post(path, { email: "a@test.example" }, { "If-Match": "*" }), 403);
    problemIn(await user.get("/audit/export?format=csv"), 403);
  });

  it("is not demanded by a link: who has logged in just now is sent on", async () => {
    const admin = newAdmin();
    const browser = await logIn(admin.email);
    const answer = await browser.request(`${stack.url}/login?recent=1&returnTo=/profile`);
    assert.equal(answer.headers.get("location"), "/profile");
  });

  it("is of no use in a session that has ended meanwhile", async () => {
    const admin = newAdmin();
    admin.isOld();
    const browser = await logIn(admin.email);
    admin.isNew();
    const { _csrf = "" } = fieldsOf(pageIn(await browser.get(`${stack.url}/`)), "/logout");
    const back = await browser.get(
      `${stack.url}/login?recent=1&returnTo=/profile`,
      ({ pathname }) => pathname === "/authorization-code/callback",
    );
    const cookie = browser.cookieHeaderFor(stack.url);
    let answer = () => {};
    issuer.tokensReady = new Promise<void>((resolve) => {
      answer = resolve;
    });
    try {
      const before = issuer.requests.length;
      const returning = browser.request(back.url);
      await until(() => issuer.requests.length > before, 30_000, "the callback asks for tokens");
      await new UserAgent().request(`${stack.url}/logout`, {
        method: "POST",
        headers: { Cookie: cookie },
        body: new URLSearchParams({ _csrf }),
      });
      answer();
      pageIn(await returning, 400);
    } finally {
      answer();
      issuer.tokensReady = Promise.resolve();
    }
    assert.equal((await browser.request(`${stack.url}/profile`)).status, 302);
  });
});
