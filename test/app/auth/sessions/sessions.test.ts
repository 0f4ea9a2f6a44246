import assert from "node:assert/strict";
import { demoUsers } from "../../../../app/demo/users.js";
import { type ContactJson, contactIn, createContact, findAll, uniqueWord } from "../../../support/contacts/contacts.js";
import { useUniqueWord } from "../../../support/contacts/unique-word.js";
import { json, problemIn } from "../../../support/http/answers.js";
import { clientOf } from "../../../support/http/client.js";
import { csrfTokenOf, pageIn, textOf } from "../../../support/http/page.js";
import { logIn } from "../../../support/http/sign-in.js";
import { type RequestOptions, UserAgent, type Visit } from "../../../support/http/user-agent.js";
import { issuerStack, proxiedStack, publicUrl } from "../../../support/okta/issuer-stacks.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

const cookieName = "gatehouse.sid";

describe("a session", function () {
  this.timeout(120_000);
  const { stack, alice, uma } = useSharedStack();
  const word = useUniqueWord(alice);

  const tokenOf = async (browser: UserAgent) => csrfTokenOf(pageIn(await browser.get(`${stack.url}/`)));
  const isLoggedIn = async (browser: UserAgent) => (await browser.request(`${stack.url}/profile`)).status === 200;

  describe("makes no change without its CSRF token", () => {
    let browser: UserAgent;
    let token: string;
    let contact: ContactJson;

    before(async () => {
      browser = await stack.login("uma@example.com");
      token = await tokenOf(browser);
    });
    beforeEach(async () => {
      contact = await createContact(uma, { company: word });
    });

    const contactPath = () => `/contacts/${contact.id}`;
    const form = (fields: Record<string, string>) => ({ method: "POST", body: new URLSearchParams(fields) });
    const fields = { firstName: "Forged", lastName: "Person", company: word };
    const whole = { version: "1", ...fields };
    /** Every change that the app knows, as a form or as JSON, and what it answers when it is made. */
    const changes: Record<string, { path: () => string; request: RequestOptions; made: number }> = {
      "creating by form": { path: () => "/contacts", request: form(fields), made: 303 },
      "creating by JSON": { path: () => "/contacts", request: jsonRequest("POST", fields), made: 201 },
      "editing by form": { path: () => `${contactPath()}/edit`, request: form(whole), made: 303 },
      "changing by JSON": { path: contactPath, request: jsonRequest("PATCH", fields, { "If-Match": "*" }), made: 200 },
      "deleting by form": { path: () => `${contactPath()}/delete`, request: form(whole), made: 303 },
      deleting: { path: contactPath, request: { method: "DELETE" }, made: 204 },
      "logging out": { path: () => "/logout", request: form({}), made: 302 },
    };
    const send = (name: string, headers: Record<string, string> = {}, more: { query?: string; csrf?: string } = {}) => {
      const { path, request } = changes[name] ?? assert.fail();
      const { body } = request;
      if (more.csrf !== undefined && body instanceof URLSearchParams) {
        return browser.request(`${stack.url}${path()}`, {
          ...request,
          body: new URLSearchParams([...body, ["_csrf", more.csrf]]),
        });
      }
      const url = `${stack.url}${path()}${more.query ?? ""}`;
      return browser.request(url, { ...request, headers: { ...request.headers, ...headers } });
    };
    const assertRefused = async (answer: Visit) => {
      assert.match(textOf(pageIn(answer, 403)), /This form has expired Nothing was saved/);
      assert.deepEqual(await findAll(alice, { q: word }), [contact]);
      assert.ok(await isLoggedIn(browser));
    };

    for (const name of Object.keys(changes)) {
      it(`${name}: without one, with an empty or a wrong one, with one of another session or in the address`, async () => {
        const other = await tokenOf(await stack.login("uma@example.com"));
        assert.notEqual(other, token);
        await assertRefused(await send(name));
        for (const wrong of ["", "x", other, token.slice(1), token.toUpperCase(), `${token}0`]) {
          await assertRefused(await send(name, { "X-CSRF-Token": wrong }));
        }
        await assertRefused(await send(name, {}, { csrf: other }));
        await assertRefused(await send(name, {}, { query: `?_csrf=${token}` }));
      });
    }

    it("whatever the type of what is in its place", async () => {
      for (const wrong of [[token], { 0: token }, true, 1, null]) {
        const request = jsonRequest("POST", { ...fields, _csrf: wrong });
        await assertRefused(await browser.request(`${stack.url}/contacts`, request));
      }
      const twice = new URLSearchParams([...Object.entries(fields), ["_csrf", token], ["_csrf", token]]);
      await assertRefused(await browser.request(`${stack.url}/contacts`, { method: "POST", body: twice }));
    });

    it("and says so in problem details to whoever wants JSON", async () => {
      const request = jsonRequest("POST", fields, { Accept: "application/json" });
      problemIn(await browser.request(`${stack.url}/contacts`, request), 403);
    });

    for (const [name, { made }] of Object.entries(changes)) {
      it(`but with it, ${name} answers ${made}`, async () => {
        // Of its own: one of them logs out.
        browser = await stack.login("uma@example.com");
        token = await tokenOf(browser);
        const accept: Record<string, string> = name.includes("form") ? {} : { Accept: "application/json" };
        const answer = await send(name, { ...accept, "X-CSRF-Token": token });
        assert.equal(answer.status, made, answer.body);
      });
    }
  });

  describe("counts for nothing", () => {
    let browser: UserAgent;
    let cookie: string;
    before(async () => {
      browser = await stack.login("alice@example.com");
      cookie = browser.cookieHeaderFor(stack.url);
    });

    it("beside an access token, which needs no CSRF token", async () => {
      const client = clientOf(stack.url, await stack.token("uma@example.com"));
      const contact = contactIn(
        await client.post("/contacts", { firstName: "Ada", lastName: word }, { Cookie: cookie }),
        201,
      );
      assert.equal(contact.ownerId, demoUsers.find(({ login }) => login.startsWith("uma"))?.id);
    });

    for (const authorization of ["Bearer x", "Bearer", "Bearer ", "bearer a.b.c", "Bearer a b", "BEARER é"]) {
      it(`beside the Authorization header ${JSON.stringify(authorization)}, which does not hold`, async () => {
        for (const accept of ["application/json", "text/html"]) {
          const headers = { Authorization: authorization, Accept: accept };
          const fields = { firstName: "Ada", lastName: word };
          const request = jsonRequest("POST", fields, { ...headers, "X-CSRF-Token": await tokenOf(browser) });
          for (const answer of [
            await browser.request(`${stack.url}/contacts`, request),
            await browser.request(`${stack.url}/contacts`, { headers: { ...headers, Accept: "application/json" } }),
          ]) {
            assert.equal(answer.status, 401, answer.body);
            assert.equal(answer.headers.get("www-authenticate"), 'Bearer error="invalid_token"');
          }
        }
        assert.deepEqual(await findAll(alice, { q: word }), []);
      });
    }

    it("when its cookie has been tampered with", async () => {
      const [, id = "", signature = ""] = /=s%3A([^.]+)\.(.+)$/.exec(cookie) ?? [];
      assert.ok(id && signature, cookie);
      for (const value of [
        id,
        `s%3A${id}`,
        `s%3A${id}.`,
        `s%3A${id}.${signature}x`,
        `s%3A${id}x.${signature}`,
        "%",
        "s:",
      ]) {
        const headers = { Cookie: `${cookieName}=${value}` };
        problemIn(await clientOf(stack.url).get("/contacts", headers), 401);
      }
      assert.equal((await clientOf(stack.url).get("/contacts", { Cookie: cookie })).status, 200);
    });

    it("with credentials that are no access token: it needs its CSRF token as ever", async () => {
      const headers = { Authorization: "Basic YTpi" };
      assert.equal((await browser.request(`${stack.url}/contacts`, { headers })).status, 200);
      const request = jsonRequest("POST", { firstName: "Ada", lastName: word }, headers);
      pageIn(await browser.request(`${stack.url}/contacts`, request), 403);
    });
  });

  describe("begins at login", () => {
    it("under a new id, and an id from before is nobody's", async () => {
      const browser = await stack.login("omar@example.com");
      const before = browser.cookieHeaderFor(stack.url);
      assert.match(before, /^gatehouse\.sid=s%3A/);
      await browser.post(`${stack.url}/logout`, { _csrf: await tokenOf(browser) });
      browser.plant(stack.url, cookieName, before.replace(`${cookieName}=`, ""));
      await logIn(browser, `${stack.url}/login`, "uma@example.com");
      assert.notEqual(browser.cookieHeaderFor(stack.url), before);
      assert.ok(await isLoggedIn(browser));
      problemIn(await clientOf(stack.url).get("/profile", { Cookie: before }), 401);
    });

    it("with a CSRF token of its own, and there is none before", async () => {
      assert.doesNotMatch((await new UserAgent().get(`${stack.url}/`)).body, /_csrf/);
      const browser = await stack.login("uma@example.com");
      const first = await tokenOf(browser);
      assert.ok(first.length >= 32);
      assert.equal(await tokenOf(browser), first);
      await browser.post(`${stack.url}/logout`, { _csrf: first });
      await logIn(browser, `${stack.url}/login`, "uma@example.com");
      assert.notEqual(await tokenOf(browser), first);
    });

    it("with one CSRF token for all tabs, even those that open at once", async () => {
      const browser = await stack.login("uma@example.com", "/assets/gatehouse.css");
      const cookie = browser.cookieHeaderFor(stack.url);
      const tabs = await Promise.all(
        Array.from({ length: 6 }, (_, tab) =>
          new UserAgent().request(`${stack.url}/`, { headers: { Cookie: `tab=${tab}; ${cookie}` } }),
        ),
      );
      assert.equal(new Set(tabs.map((tab) => csrfTokenOf(pageIn(tab)))).size, 1);
    });

    it("and not with a visit: pages before it set no cookie", async () => {
      for (const path of ["/", "/contacts", "/profile", "/nowhere", "/livez", "/assets/gatehouse.css"]) {
        const { headers } = await new UserAgent().request(`${stack.url}${path}`);
        assert.deepEqual(headers.getSetCookie(), [], path);
      }
    });

    const isCallback = (url: URL) => url.pathname === "/authorization-code/callback";
    const sessionCookieIn = ({ headers }: Visit) =>
      headers.getSetCookie().find((cookie) => cookie.includes(`${cookieName}=s`)) ?? assert.fail();

    it("with a cookie that scripts cannot read and other sites cannot use", async () => {
      const browser = new UserAgent();
      const signIn = await browser.get(`${stack.url}/login`);
      const back = await browser.post(signIn.url, { login: "uma@example.com" }, isCallback);
      const [value = "", ...attributes] = sessionCookieIn(await browser.request(back.url)).split("; ");
      assert.match(value, /^gatehouse\.sid=s%3A[\w-]{32}\./);
      const flags = attributes.filter((attribute) => !attribute.startsWith("Expires="));
      assert.deepEqual(flags.sort(), ["HttpOnly", "Path=/", "SameSite=Lax"]);
    });

    it("with cookies that are never sent unencrypted, when the app is at an https address", async () => {
      const { stack: proxied, issuer } = await proxiedStack();
      const hint = uniqueWord();
      issuer.accounts.set(hint, { idToken: { sub: hint, email: "a@example.com", crm_groups: ["staff"] } });
      const headers = { "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https" };
      const began = await new UserAgent().request(`${proxied.url}/login?login_hint=${hint}`, { headers });
      assert.ok(began.url.href.includes(encodeURIComponent(`${publicUrl}/authorization-code/callback`)));
      const [pending = ""] = began.headers.getSetCookie();
      assert.match(pending, /^__Host-gatehouse\.login\./);
      const { url } = await new UserAgent().request(began.url);
      const [Cookie = ""] = pending.split("; ");
      const ended = await new UserAgent().request(`${proxied.url}${url.pathname}${url.search}`, {
        headers: { ...headers, Cookie },
      });
      assert.equal(ended.status, 302);
      const session = sessionCookieIn(ended);
      const [SessionCookie = ""] = session.split("; ");
      const from = { ...headers, Cookie: SessionCookie };
      const page = await new UserAgent().request(`${proxied.url}/`, { headers: from });
      const end = await new UserAgent().request(`${proxied.url}/logout`, {
        method: "POST",
        headers: { ...from, "X-CSRF-Token": csrfTokenOf(pageIn(page)) },
      });
      const [forgotten = "", ...others] = end.headers.getSetCookie();
      assert.match(forgotten, /^__Host-gatehouse\.sid=; .*Expires=Thu, 01 Jan 1970/);
      assert.deepEqual(others, []);
      for (const cookie of [pending, session, forgotten]) {
        // Without these, browsers refuse a cookie of such a name.
        assert.match(cookie, /^__Host-gatehouse\./);
        assert.doesNotMatch(cookie, /Domain/i);
        const flags = cookie.split("; ");
        for (const flag of ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"]) assert.ok(flags.includes(flag), cookie);
      }
    });
  });

  describe("ends at logout", () => {
    it("here: its cookie is nobody's, even if a browser kept it", async () => {
      const browser = await stack.login("uma@example.com");
      const kept = browser.cookieHeaderFor(stack.url);
      const end = await browser.post(`${stack.url}/logout`, { _csrf: await tokenOf(browser) });
      assert.equal(end.url.href, `${stack.url}/`);
      assert.match(textOf(pageIn(end)), /Log in with Okta/);
      assert.ok(!browser.cookieNamesFor(stack.url).includes(cookieName));
      problemIn(await clientOf(stack.url).get("/profile", { Cookie: kept }), 401);
      const old = new UserAgent();
      old.plant(stack.url, cookieName, kept.replace(`${cookieName}=`, ""));
      assert.match((await old.request(`${stack.url}/contacts`)).headers.get("location") ?? "", /^\/login\?/);
    });

    it("and at the identity provider, which asks who it is the next time", async () => {
      const browser = await stack.login("uma@example.com");
      await browser.post(`${stack.url}/logout`, { _csrf: await tokenOf(browser) });
      const signIn = await browser.get(`${stack.url}/login?returnTo=/profile`);
      assert.match(textOf(pageIn(signIn)), /Who do you want to sign in as\?/);
      const page = await logIn(browser, signIn.url.href, "omar@example.com");
      assert.match(textOf(pageIn(page)), /omar@example\.com/);
    });

    it("there with its tokens revoked, and the ID token as a hint whose session it is", async () => {
      const { stack: other, issuer } = await issuerStack();
      const hint = uniqueWord();
      issuer.accounts.set(hint, { idToken: { sub: hint, email: "a@example.com", groups: ["user"] } });
      const browser = new UserAgent();
      const page = await browser.get(`${other.url}/login?login_hint=${hint}`);
      const before = issuer.requests.length;
      const end = await browser.post(`${other.url}/logout`, { _csrf: csrfTokenOf(pageIn(page)) });
      assert.equal(end.url.href, `${other.url}/`);
      const [revoke, logout, ...more] = issuer.requests.slice(before);
      assert.deepEqual(more, []);
      assert.equal(revoke?.path, "/v1/revoke");
      assert.equal(revoke?.params.token_type_hint, "access_token");
      const answer = await fetch(`${issuer.issuer}/v1/userinfo`, {
        headers: { Authorization: `Bearer ${revoke?.params.token}` },
      });
      assert.equal(answer.status, 401);
      assert.equal(logout?.path, "/v1/logout");
      assert.equal(logout?.params.post_logout_redirect_uri, `${other.url}/`);
      const [, claims = ""] = logout?.params.id_token_hint?.split(".") ?? [];
      assert.equal(JSON.parse(Buffer.from(claims, "base64url").toString()).sub, hint);
    });

    it("and not by a mere link", async () => {
      const browser = await stack.login("uma@example.com");
      for (const method of ["GET", "HEAD"]) {
        assert.equal((await browser.request(`${stack.url}/logout`, { method })).status, 404);
      }
      assert.ok(await isLoggedIn(browser));
    });

    it("and whoever has none is shown the start page", async () => {
      const end = await new UserAgent().post(`${stack.url}/logout`, {});
      assert.equal(end.url.href, `${stack.url}/`);
      pageIn(end);
    });

    it("of one browser, and not those of others", async () => {
      const [one, another] = [await stack.login("uma@example.com"), await stack.login("uma@example.com")];
      await one.post(`${stack.url}/logout`, { _csrf: await tokenOf(one) });
      assert.ok(await isLoggedIn(another));
      assert.equal(json<{ email: string }>(await profileOf(another)).email, "uma@example.com");
    });
  });

  const profileOf = (browser: UserAgent) =>
    browser.request(`${stack.url}/profile`, { headers: { Accept: "application/json" } });
});

function jsonRequest(method: string, body: unknown, headers: Record<string, string> = {}): RequestOptions {
  return { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } };
}
