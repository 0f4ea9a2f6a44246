import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { demoPeople } from "../../../../../app/demo/users.js";
import { UserAgent, type Visit } from "../../../../support/http/user-agent.js";
import { uma, useIdentityProvider } from "../../../../support/okta/identity-provider.js";
import { HOUR_MS, withShiftedClock } from "../../../../support/okta/shifted-clock.js";
import { buttonsOf } from "../../../../support/okta/sign-in-page.js";
import {
  app,
  authorizeUrl,
  callback,
  exchange,
  idTokenClaims,
  isCallback,
  signIn,
} from "../../../../support/okta/web-client.js";

describe("the stand-in identity provider: signing in", () => {
  const { idp, start } = useIdentityProvider();

  const whoCanSignIn = demoPeople.filter(({ status }) => status === undefined);

  it("offers everybody who can sign in as a button and says what the page is", async () => {
    const page = await new UserAgent().get(authorizeUrl(idp));
    assert.equal(page.status, 200);
    assert.match(page.body, /<html lang="en">/);
    assert.match(page.body, /<title>Sign in/);
    assert.match(page.body, /<main class="\w+">\s*<h1>/);
    assert.match(page.body, /local stand-in for Okta/);
    assert.match(page.body, /no password is needed/);
    assert.doesNotMatch(page.body, /<script/);
    const buttons = buttonsOf(page);
    assert.deepEqual(
      buttons.map((button) => button.value),
      whoCanSignIn.map((user) => user.login),
    );
    for (const [index, user] of whoCanSignIn.entries()) {
      for (const text of [user.login, user.givenName, user.familyName, user.purpose]) {
        assert.ok(buttons[index]?.text.includes(text), `${text} in ${buttons[index]?.text}`);
      }
    }
  });

  it("allows in its content security policy its stylesheet and the way back to the app, and no script", async () => {
    const page = await new UserAgent().get(authorizeUrl(idp));
    const policy = page.headers.get("content-security-policy") ?? "";
    const style = /<style>([\s\S]*)<\/style>/.exec(page.body)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    assert.ok(policy.includes(`style-src 'sha256-${hash}'`), policy);
    assert.ok(policy.includes("default-src 'none'"), policy);
    assert.ok(policy.includes(`form-action 'self' ${app.appBaseUrl}`), policy);
    assert.equal(page.headers.get("cache-control"), "no-store");
  });

  it("puts the user of a login hint first and focuses their button", async () => {
    const page = await new UserAgent().get(authorizeUrl(idp, { login_hint: "Omar@example.com" }));
    const [first, ...others] = buttonsOf(page);
    assert.equal(first?.value, "omar@example.com");
    assert.equal(first?.focused, true);
    assert.equal(others.length, whoCanSignIn.length - 1);
    assert.ok(others.every((button) => !button.focused));
  });

  it("says that nobody has the login of an unknown hint, and escapes it", async () => {
    const page = await new UserAgent().get(authorizeUrl(idp, { login_hint: "<b>zoe</b>" }));
    assert.match(page.body, /Nobody here is called <strong>&lt;b&gt;zoe&lt;\/b&gt;<\/strong>/);
    assert.ok(buttonsOf(page).every((button) => !button.focused));
  });

  it("sends the browser back to the app with a code and the state", async () => {
    const { url } = await signIn(new UserAgent(), idp, uma.login);
    assert.equal(url.origin + url.pathname, callback);
    assert.equal(url.searchParams.get("state"), "the-state");
    assert.equal(url.searchParams.get("iss"), idp.issuer);
    assert.ok(url.searchParams.get("code"));
  });

  it("does not ask again while the session lasts", async () => {
    const agent = new UserAgent();
    await signIn(agent, idp, uma.login);
    const again = await agent.get(authorizeUrl(idp), isCallback);
    assert.equal(idTokenClaims(await exchange(idp, again)).sub, uma.id);
  });

  it("asks again for prompt=login", async () => {
    const agent = new UserAgent();
    await signIn(agent, idp, uma.login);
    assert.match((await agent.get(authorizeUrl(idp, { prompt: "login" }))).body, /sign in as/);
  });

  it("lets somebody else sign in for prompt=login, without JavaScript", async () => {
    const agent = new UserAgent();
    await signIn(agent, idp, uma.login);
    const visit = await signIn(agent, idp, "nina@example.com", { prompt: "login" });
    assert.equal(idTokenClaims(await exchange(idp, visit)).email, "nina@example.com");
    const later = await agent.get(authorizeUrl(idp), isCallback);
    assert.equal(idTokenClaims(await exchange(idp, later)).email, "nina@example.com");
  });

  it("signs a user in by a session token without asking, once, and in the place of another user", async () => {
    const server = await start();
    const agent = new UserAgent();
    await signIn(agent, server, uma.login);
    const sessionToken = server.sessionTokens.issue("nina@example.com");
    const address = authorizeUrl(server, { prompt: "login", sessionToken });
    assert.equal(idTokenClaims(await exchange(server, await agent.get(address, isCallback))).email, "nina@example.com");
    const later = await agent.get(authorizeUrl(server), isCallback);
    assert.equal(idTokenClaims(await exchange(server, later)).email, "nina@example.com");
    for (const used of [sessionToken, "made up"]) {
      const page = await new UserAgent().get(authorizeUrl(server, { sessionToken: used }), isCallback);
      assert.match(page.body, /Who do you want to sign in as\?/);
    }
    const late = server.sessionTokens.issue(uma.login);
    await withShiftedClock(2 * 60_000, async () => {
      const page = await agent.get(authorizeUrl(server, { prompt: "login", sessionToken: late }), isCallback);
      assert.match(page.body, /Who do you want to sign in as\?/);
    });
  });

  it("accepts prompt=consent and asks for nothing", async () => {
    const agent = new UserAgent();
    await signIn(agent, idp, uma.login);
    assert.ok(isCallback((await agent.get(authorizeUrl(idp, { prompt: "consent" }), isCallback)).url));
  });

  it("answers prompt=none with an error for the app when nobody is signed in", async () => {
    const { url } = await new UserAgent().get(authorizeUrl(idp, { prompt: "none" }), isCallback);
    assert.equal(url.searchParams.get("error"), "login_required");
  });

  it("refuses somebody who is not a demo user", async () => {
    const agent = new UserAgent();
    const page = await agent.get(authorizeUrl(idp));
    const answer = await agent.post(page.url, { login: "zoe@example.com" });
    assert.equal(answer.status, 422);
    assert.match(answer.body, /Nobody here is called <strong>zoe@example.com/);
  });

  it("lets two sign-ins wait at once in one browser", async () => {
    const agent = new UserAgent();
    const first = await agent.get(authorizeUrl(idp, { state: "first" }));
    const second = await agent.get(authorizeUrl(idp, { state: "second" }));
    const finished = await agent.post(first.url, { login: uma.login }, isCallback);
    assert.equal(finished.url.searchParams.get("state"), "first");
    assert.equal((await agent.get(second.url)).status, 200);
  });

  it("explains an unknown sign-in and links back to the app", async () => {
    const page = await new UserAgent().get(`${idp.issuer}/signin/unknown`);
    assert.equal(page.status, 400);
    assertExpired(page);
  });

  it("explains a sign-in that is more than an hour old, on its page and when it goes on", async () => {
    const agent = new UserAgent();
    const page = await agent.get(authorizeUrl(idp));
    await withShiftedClock(HOUR_MS + 1000, async () => {
      const late = await agent.get(page.url);
      assert.equal(late.status, 400);
      assertExpired(late);
      assertExpired(await agent.get(`${idp.issuer}/v1/authorize/unknown`));
    });
  });

  it("explains a sign-in that was finished before", async () => {
    const agent = new UserAgent();
    const page = await agent.get(authorizeUrl(idp));
    await agent.post(page.url, { login: uma.login }, isCallback);
    const again = await agent.post(page.url, { login: uma.login });
    assert.equal(again.status, 400);
    assertExpired(again);
  });

  it("refuses an unregistered redirect URI with a page, not a redirect", async () => {
    const page = await new UserAgent().get(authorizeUrl(idp, { redirect_uri: "http://elsewhere.example/callback" }));
    assert.equal(page.status, 400);
    assert.equal(page.trail.length, 1);
    assert.match(page.body, /invalid_redirect_uri/);
    assert.ok(page.body.includes("http://elsewhere.example/callback"));
    assert.ok(page.body.includes(callback), "names the one that would do");
    assert.ok(page.body.includes(`href="${app.appBaseUrl}/"`));
  });

  it("refuses a scope that it does not have, as Okta does", async () => {
    const { url } = await new UserAgent().get(authorizeUrl(idp, { scope: "openid contacts" }), isCallback);
    assert.equal(url.searchParams.get("error"), "invalid_scope");
    assert.match(url.searchParams.get("error_description") ?? "", /contacts/);
    assert.equal(url.searchParams.get("state"), "the-state");
  });

  it("refuses a form that it cannot read with a page", async () => {
    const page = await new UserAgent().get(authorizeUrl(idp));
    const answer = await new UserAgent().post(page.url, { login: "x".repeat(200_000) });
    assert.equal(answer.status, 413);
    assert.match(answer.body, /refused this request/);
  });

  it("refuses an unknown client with a page", async () => {
    const page = await new UserAgent().get(authorizeUrl(idp, { client_id: "0oaUnknown" }));
    assert.equal(page.status, 400);
    assert.equal(page.trail.length, 1);
    assert.match(page.body, /invalid_client/);
  });

  it("keeps its cookies away from the app on the same host", async () => {
    const agent = new UserAgent();
    await signIn(agent, idp, uma.login);
    assert.deepEqual(agent.cookieNamesFor(`${app.appBaseUrl}/contacts`), []);
    const names = agent.cookieNamesFor(`${idp.issuer}/v1/authorize`);
    assert.ok(names.includes("idp_session"), String(names));
    assert.ok(
      names.every((name) => name.startsWith("idp_")),
      String(names),
    );
  });

  it("has a page for addresses at which there is nothing", async () => {
    const page = await new UserAgent().get(new URL("/", idp.issuer));
    assert.equal(page.status, 404);
    assert.ok(page.body.includes(idp.issuer));
  });
});

function assertExpired({ body }: Visit): void {
  assert.match(body, /This sign-in is no longer waiting/);
  assert.ok(body.includes(`href="${app.appBaseUrl}/"`));
  assert.doesNotMatch(body, /\.(js|ts):\d+/, "no stack trace");
}
