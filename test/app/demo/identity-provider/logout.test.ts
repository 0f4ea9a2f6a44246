import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { UserAgent } from "../../../support/http/user-agent.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { HOUR_MS, withShiftedClock } from "../../../support/okta/shifted-clock.js";
import {
  app,
  authorizeUrl,
  exchange,
  isCallback,
  signIn,
  tokensOf,
  userinfoResponse,
} from "../../../support/okta/web-client.js";

describe("the stand-in identity provider: logging out", () => {
  const { idp, start } = useIdentityProvider();

  const home = `${app.appBaseUrl}/`;
  const isHome = (url: URL) => url.href.startsWith(home);

  function logoutUrl(params: Record<string, string>): string {
    return `${idp.issuer}/v1/logout?${new URLSearchParams(params)}`;
  }

  it("ends the session at once and redirects to the app with the state", async () => {
    const agent = new UserAgent();
    const { id_token: hint } = await exchange(idp, await signIn(agent, idp, uma.login));
    const cookies = agent.cookieHeaderFor(authorizeUrl(idp));
    const out = await agent.get(
      logoutUrl({ id_token_hint: hint, post_logout_redirect_uri: home, state: "bye" }),
      isHome,
    );
    assert.equal(out.url.href, `${home}?state=bye`);
    assert.equal(out.trail.length, 2, "without a page in between");
    assert.match((await agent.get(authorizeUrl(idp))).body, /sign in as/);
    const replay = await fetch(authorizeUrl(idp), { headers: { Cookie: cookies }, redirect: "manual" });
    assert.match(replay.headers.get("location") ?? "", /\/signin\//, "not only the cookie is gone");
  });

  it("redirects when the session is over already", async () => {
    const { id_token: hint } = await tokensOf(idp, uma.login);
    const out = await new UserAgent().get(logoutUrl({ id_token_hint: hint, post_logout_redirect_uri: home }), isHome);
    assert.equal(out.url.href, home);
  });

  it("accepts an ID token that has expired", async () => {
    const agent = new UserAgent();
    const { id_token: hint } = await withShiftedClock(-2 * HOUR_MS, async () =>
      exchange(idp, await signIn(agent, idp, uma.login)),
    );
    assert.ok(Number(decodeJwt(hint).exp) < Date.now() / 1000, "the hint is an expired one");
    const out = await agent.get(logoutUrl({ id_token_hint: hint, post_logout_redirect_uri: home }), isHome);
    assert.equal(out.url.href, home);
    assert.match((await agent.get(authorizeUrl(idp))).body, /sign in as/);
  });

  it("says so when there is nowhere to go", async () => {
    const agent = new UserAgent();
    const { id_token: hint } = await exchange(idp, await signIn(agent, idp, uma.login));
    const page = await agent.get(logoutUrl({ id_token_hint: hint }));
    assert.equal(page.status, 200);
    assert.match(page.body, /You are signed out/);
  });

  it("refuses a missing or invalid hint and an unregistered address with a page, and ends nothing", async () => {
    const agent = new UserAgent();
    const { id_token: hint } = await exchange(idp, await signIn(agent, idp, uma.login));
    const foreign = await tokensOf(await start(), uma.login);
    for (const params of [
      { post_logout_redirect_uri: home },
      { id_token_hint: "nonsense", post_logout_redirect_uri: home },
      { id_token_hint: foreign.id_token, post_logout_redirect_uri: home },
      { id_token_hint: hint, post_logout_redirect_uri: "http://elsewhere.example/" },
    ]) {
      const page = await agent.get(logoutUrl(params));
      assert.equal(page.status, 400, JSON.stringify(params));
      assert.equal(page.trail.length, 1);
      assert.match(page.body, /invalid_request/);
      assert.ok(page.body.includes(`href="${home}"`));
    }
    assert.ok(isCallback((await agent.get(authorizeUrl(idp), isCallback)).url), "still signed in");
  });

  it("leaves tokens alive, as Okta does", async () => {
    const agent = new UserAgent();
    const tokens = await exchange(idp, await signIn(agent, idp, uma.login));
    await agent.get(logoutUrl({ id_token_hint: tokens.id_token, post_logout_redirect_uri: home }), isHome);
    assert.equal((await userinfoResponse(idp, tokens.access_token)).status, 200);
  });
});
