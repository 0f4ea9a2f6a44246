import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { Agent, createServer, get, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OktaJwtVerifier from "@okta/jwt-verifier";
import { ExpressOIDC } from "@okta/oidc-middleware";
import express, { type RequestHandler } from "express";
import session from "express-session";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { readDemoState, removeDemoState, writeDemoState } from "../../../../../app/demo/demo-state.js";
import {
  type IdentityProvider,
  type IdentityProviderOptions,
  startIdentityProvider,
} from "../../../../../app/demo/identity-provider/index.js";
import { memoryAdapter } from "../../../../../app/demo/identity-provider/memory-adapter.js";
import { cliClientId } from "../../../../../app/demo/identity-provider/options.js";
import { demoUsers } from "../../../../../app/demo/users.js";
import { UserAgent, type Visit } from "../../../../support/http/user-agent.js";

const app = { clientId: "0oa1testApp", clientSecret: "test-secret_1", appBaseUrl: "http://localhost:8080" };
const callback = `${app.appBaseUrl}/authorization-code/callback`;
const allScopes = "openid profile email groups";
const uma = { id: "00u8t3wq9pUmaRb1z5d7", login: "uma@example.com", groups: ["Everyone", "user"], department: "Sales" };
const hour = 60 * 60 * 1000;

interface Tokens {
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token?: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope: string;
}

describe("the stand-in identity provider", () => {
  const others: IdentityProvider[] = [];
  let idp: IdentityProvider;

  /** One more, for what the shared one is not set up for. It is stopped after the test. */
  async function start(options: Partial<IdentityProviderOptions> = {}): Promise<IdentityProvider> {
    const started = await startIdentityProvider({ ...app, onError: fail, ...options });
    others.push(started);
    return started;
  }

  before(async () => {
    idp = await startIdentityProvider({ ...app, onError: fail });
  });

  afterEach(async () => {
    await Promise.all(others.splice(0).map((one) => one.stop()));
  });

  after(() => idp.stop());

  function asCli(fields: Record<string, string>): Promise<Response> {
    return post(`${idp.issuer}/v1/token`, { client_id: cliClientId, ...fields });
  }

  describe("discovery", () => {
    it("names Okta's endpoints under an issuer on localhost", async () => {
      assert.match(idp.issuer, /^http:\/\/localhost:\d+\/oauth2\/default$/);
      const document = await json(`${idp.issuer}/.well-known/openid-configuration`);
      assert.equal(document.issuer, idp.issuer);
      assert.deepEqual(
        {
          authorization_endpoint: document.authorization_endpoint,
          token_endpoint: document.token_endpoint,
          jwks_uri: document.jwks_uri,
          userinfo_endpoint: document.userinfo_endpoint,
          end_session_endpoint: document.end_session_endpoint,
          revocation_endpoint: document.revocation_endpoint,
          introspection_endpoint: document.introspection_endpoint,
        },
        {
          authorization_endpoint: `${idp.issuer}/v1/authorize`,
          token_endpoint: `${idp.issuer}/v1/token`,
          jwks_uri: `${idp.issuer}/v1/keys`,
          userinfo_endpoint: `${idp.issuer}/v1/userinfo`,
          end_session_endpoint: `${idp.issuer}/v1/logout`,
          revocation_endpoint: `${idp.issuer}/v1/revoke`,
          introspection_endpoint: `${idp.issuer}/v1/introspect`,
        },
      );
      assert.deepEqual([...(document.scopes_supported as string[])].sort(), [
        "email",
        "groups",
        "offline_access",
        "openid",
        "profile",
      ]);
      assert.deepEqual(document.id_token_signing_alg_values_supported, ["RS256"]);
    });

    it("names the same endpoints when it is reached by another name", async () => {
      const byAddress = idp.issuer.replace("localhost", "127.0.0.1");
      const document = await json(`${byAddress}/.well-known/openid-configuration`);
      assert.equal(document.token_endpoint, `${idp.issuer}/v1/token`);
    });

    it("publishes a public RS256 key and no private parts", async () => {
      const { keys } = (await json(`${idp.issuer}/v1/keys`)) as { keys: Record<string, unknown>[] };
      assert.equal(keys.length, 1);
      assert.deepEqual(Object.keys(keys[0] ?? {}).sort(), ["alg", "e", "kid", "kty", "n", "use"]);
      assert.equal(keys[0]?.alg, "RS256");
    });

    it("answers a health check at the root of the server", async () => {
      const response = await fetch(new URL("/livez", idp.issuer));
      assert.equal(response.status, 200);
      assert.equal(await response.text(), "ok");
    });
  });

  describe("signing in", () => {
    it("offers every demo user as a button and says what the page is", async () => {
      const page = await new UserAgent().get(authorizeUrl(idp));
      assert.equal(page.status, 200);
      assert.match(page.body, /<html lang="en">/);
      assert.match(page.body, /<title>Sign in/);
      assert.match(page.body, /<main>\s*<h1>/);
      assert.match(page.body, /local stand-in for Okta/);
      assert.match(page.body, /no password is needed/);
      assert.doesNotMatch(page.body, /<script/);
      const buttons = buttonsOf(page);
      assert.deepEqual(
        buttons.map((button) => button.value),
        demoUsers.map((user) => user.login),
      );
      for (const [index, user] of demoUsers.entries()) {
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
      assert.equal(others.length, demoUsers.length - 1);
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
      await shifted(hour + 1000, async () => {
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

  describe("tokens", () => {
    it("are exchanged for a code once, with the client's secret", async () => {
      const visit = await signIn(new UserAgent(), idp, uma.login);
      const refused = await tokenRequest(idp, codeForm(visit), { ...app, clientSecret: "wrong" });
      assert.equal(refused.status, 401);
      assert.equal(((await refused.json()) as { error: string }).error, "invalid_client");
      const tokens = await exchange(idp, visit);
      assert.equal(tokens.token_type, "Bearer");
      assert.equal(tokens.expires_in, 3600);
      assert.equal(tokens.refresh_token, undefined);
      assert.equal((await tokenRequest(idp, codeForm(visit))).status, 400);
    });

    it("have an access token shaped like Okta's", async () => {
      const { access_token: token } = await tokensOf(idp, uma.login);
      const { iat, exp, jti, auth_time: authTime, ...claims } = decodeJwt(token);
      assert.deepEqual(claims, {
        ver: 1,
        iss: idp.issuer,
        aud: "api://default",
        cid: app.clientId,
        uid: uma.id,
        scp: ["openid", "profile", "email", "groups"],
        sub: uma.login,
        groups: uma.groups,
        department: uma.department,
      });
      assert.equal(Number(exp) - Number(iat), 3600);
      assert.ok(jti);
      assert.ok(Math.abs(Number(authTime) - Date.now() / 1000) < 60);
      assert.deepEqual(Object.keys(decodeProtectedHeader(token)).sort(), ["alg", "kid"]);
    });

    it("have an access token that Okta's verifier accepts, for its audience only", async () => {
      const { access_token: token } = await tokensOf(idp, uma.login);
      const verifier = oktaVerifier(idp);
      const { claims } = await verifier.verifyAccessToken(token, "api://default");
      assert.equal(claims.sub, uma.login);
      await assert.rejects(verifier.verifyAccessToken(token, "api://other"), /audience/);
    });

    it("have an ID token shaped like Okta's", async () => {
      const tokens = await tokensOf(idp, uma.login);
      const { iat, exp, jti, auth_time: authTime, idp: identityProvider, ...claims } = idTokenClaims(tokens);
      assert.deepEqual(claims, {
        ver: 1,
        sub: uma.id,
        iss: idp.issuer,
        aud: app.clientId,
        nonce: "the-nonce",
        name: "Uma Underhill",
        preferred_username: uma.login,
        email: uma.login,
        groups: uma.groups,
        department: uma.department,
        amr: ["pwd"],
        at_hash: createHash("sha256").update(tokens.access_token).digest().subarray(0, 16).toString("base64url"),
      });
      assert.equal(Number(exp) - Number(iat), 3600);
      assert.match(String(jti), /^ID\./);
      assert.match(String(identityProvider), /^00o/);
      assert.ok(Math.abs(Number(authTime) - Date.now() / 1000) < 60);
      await oktaVerifier(idp).verifyIdToken(tokens.id_token, app.clientId, "the-nonce");
    });

    it("have only the claims of the scopes that were asked for, and groups with any", async () => {
      const tokens = await tokensOf(idp, uma.login, { scope: "openid" });
      const { sub, name, email, groups } = idTokenClaims(tokens);
      assert.deepEqual(
        { sub, name, email, groups },
        { sub: uma.id, name: undefined, email: undefined, groups: uma.groups },
      );
      const { id, groups: all, department } = uma;
      assert.deepEqual(await userinfo(idp, tokens.access_token), { sub: id, groups: all, department });
      assert.deepEqual(decodeJwt(tokens.access_token).scp, ["openid"]);
    });

    it("have groups and department only in userinfo when the claims are set up like that", async () => {
      const other = await start({ groupsIn: "userinfo" });
      const tokens = await tokensOf(other, uma.login);
      for (const claim of ["groups", "department"]) assert.equal(claim in idTokenClaims(tokens), false);
      const { groups, department } = await userinfo(other, tokens.access_token);
      assert.deepEqual({ groups, department }, { groups: uma.groups, department: uma.department });
    });

    it("have groups as one string when the claim is set up like that", async () => {
      const other = await start({ groupsAs: "string" });
      const tokens = await tokensOf(other, uma.login);
      assert.equal(idTokenClaims(tokens).groups, "Everyone,user");
      assert.equal(decodeJwt(tokens.access_token).groups, "Everyone,user");
      assert.equal((await userinfo(other, tokens.access_token)).groups, "Everyone,user");
    });

    it("have no groups and no department in the access token when that has no claims for them", async () => {
      const other = await start({ accessTokenGroups: false });
      const tokens = await tokensOf(other, uma.login);
      for (const claim of ["groups", "department"]) assert.equal(claim in decodeJwt(tokens.access_token), false);
      assert.deepEqual(idTokenClaims(tokens).groups, uma.groups);
    });

    it("are refreshed for offline_access, without a prompt for consent", async () => {
      const first = await tokensOf(idp, uma.login, { scope: `${allScopes} offline_access` });
      assert.ok(first.refresh_token);
      const form = { grant_type: "refresh_token", refresh_token: first.refresh_token };
      const response = await tokenRequest(idp, form);
      assert.equal(response.status, 200);
      const second = (await response.json()) as Tokens;
      assert.notEqual(second.access_token, first.access_token);
      assert.equal(decodeJwt(second.access_token).auth_time, decodeJwt(first.access_token).auth_time);
      assert.equal((await userinfo(idp, second.access_token)).sub, uma.id);
    });

    it("are not issued for codes of another start of the stand-in", async () => {
      const visit = await signIn(new UserAgent(), idp, uma.login);
      assert.equal((await tokenRequest(await start(), codeForm(visit))).status, 400);
    });
  });

  describe("userinfo", () => {
    it("has the whole profile", async () => {
      const { access_token: token } = await tokensOf(idp, uma.login);
      assert.deepEqual(await userinfo(idp, token), {
        sub: uma.id,
        name: "Uma Underhill",
        given_name: "Uma",
        family_name: "Underhill",
        preferred_username: uma.login,
        locale: "en-US",
        zoneinfo: "America/Los_Angeles",
        email: uma.login,
        email_verified: true,
        groups: uma.groups,
        department: uma.department,
      });
    });

    it("refuses a token with a broken signature, of another issuer, expired, or only its identifier", async () => {
      const { access_token: token, id_token: idToken } = await tokensOf(idp, uma.login);
      const foreign = await tokensOf(await start(), uma.login);
      const { jti = "" } = decodeJwt(token);
      const forged = await new SignJWT(decodeJwt(token))
        .setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode("a key that the stand-in never had"));
      for (const bad of [`${token}x`, forged, foreign.access_token, idToken, jti, ""]) {
        const response = await userinfoResponse(idp, bad);
        assert.equal(response.status, bad === "" ? 400 : 401, bad);
      }
      await shifted(hour + 1000, async () => assert.equal((await userinfoResponse(idp, token)).status, 401));
      assert.equal((await userinfoResponse(idp, token)).status, 401, "an expired token is gone for good");
    });
  });

  describe("revocation and introspection", () => {
    it("introspects a live access token with Okta's claims", async () => {
      const { access_token: token } = await tokensOf(idp, uma.login);
      const answer = await introspect(idp, token);
      assert.equal(answer.active, true);
      assert.equal(answer.sub, uma.login);
      assert.equal(answer.uid, uma.id);
      assert.equal(answer.client_id, app.clientId);
      assert.equal(answer.scope, allScopes);
      assert.equal(answer.iss, idp.issuer);
      assert.equal(answer.exp, decodeJwt(token).exp);
    });

    it("has userinfo refuse a revoked token, and introspection call it inactive", async () => {
      const agent = new UserAgent();
      const { access_token: token } = await exchange(idp, await signIn(agent, idp, uma.login));
      const other = await exchange(idp, await agent.get(authorizeUrl(idp), isCallback));
      const revoked = await authenticated(idp, "/v1/revoke", { token, token_type_hint: "access_token" });
      assert.equal(revoked.status, 200);
      assert.equal((await userinfoResponse(idp, token)).status, 401);
      assert.deepEqual(await introspect(idp, token), { active: false });
      assert.equal(
        (await userinfoResponse(idp, other.access_token)).status,
        200,
        "another one of the same session lives",
      );
    });

    it("does not let one client revoke another's token", async () => {
      const response = await asCli({ grant_type: "password", username: uma.login, password: "any", scope: "openid" });
      const { access_token: token } = (await response.json()) as Tokens;
      await authenticated(idp, "/v1/revoke", { token });
      assert.equal((await userinfoResponse(idp, token)).status, 200);
    });

    it("revokes a refresh token, and the access token that came with it", async () => {
      const tokens = await tokensOf(idp, uma.login, { scope: "openid offline_access" });
      const { refresh_token: token = "" } = tokens;
      assert.equal((await introspect(idp, token)).active, true);
      assert.equal((await authenticated(idp, "/v1/revoke", { token, token_type_hint: "refresh_token" })).status, 200);
      assert.equal((await introspect(idp, token)).active, false);
      assert.equal((await tokenRequest(idp, { grant_type: "refresh_token", refresh_token: token })).status, 400);
      assert.equal((await userinfoResponse(idp, tokens.access_token)).status, 401);
    });

    it("calls anything else inactive", async () => {
      for (const token of ["nonsense", "a.b.c", (await tokensOf(idp, uma.login)).id_token]) {
        assert.deepEqual(await introspect(idp, token), { active: false });
      }
    });

    it("asks for the client's secret", async () => {
      const { access_token: token } = await tokensOf(idp, uma.login);
      for (const path of ["/v1/introspect", "/v1/revoke"]) {
        assert.equal((await authenticated(idp, path, { token }, { ...app, clientSecret: "wrong" })).status, 401);
      }
      assert.equal((await introspect(idp, token)).active, true);
    });
  });

  describe("logging out", () => {
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
      const { id_token: hint } = await shifted(-2 * hour, async () =>
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

  describe("the password grant", () => {
    const form = { grant_type: "password", username: uma.login, password: "any", scope: allScopes };

    it("gives the command-line client an access token like the browser's", async () => {
      const response = await asCli(form);
      assert.equal(response.status, 200);
      const { access_token: token } = (await response.json()) as Tokens;
      const browsers = decodeJwt((await tokensOf(idp, uma.login)).access_token);
      const { cid, ...claims } = decodeJwt(token);
      assert.equal(cid, cliClientId);
      assert.deepEqual(
        { ...claims, jti: "", iat: 0, exp: 0, auth_time: 0, cid: "" },
        { ...browsers, jti: "", iat: 0, exp: 0, auth_time: 0, cid: "" },
      );
      await oktaVerifier(idp).verifyAccessToken(token, "api://default");
      assert.equal((await userinfo(idp, token)).sub, uma.id);
    });

    it("is refused to the app's client", async () => {
      const response = await tokenRequest(idp, form);
      assert.equal(response.status, 400);
      assert.match(((await response.json()) as { error_description: string }).error_description, /not allowed/);
    });

    it("is refused for an unknown user, an empty password and unknown scopes", async () => {
      for (const [fields, error] of [
        [{ ...form, username: "zoe@example.com" }, "invalid_grant"],
        [{ ...form, password: "" }, "invalid_grant"],
        [{ ...form, scope: "openid everything" }, "invalid_scope"],
      ] as const) {
        const response = await asCli(fields);
        assert.equal(response.status, 400);
        assert.equal(((await response.json()) as { error: string }).error, error);
      }
    });

    it("is all that the command-line client may use", async () => {
      const page = await new UserAgent().get(authorizeUrl(idp, { client_id: cliClientId }));
      assert.equal(page.status, 400);
      assert.equal(page.trail.length, 1);
    });
  });

  describe("start and stop", () => {
    it("says that a port is in use", async () => {
      const { port } = new URL(idp.issuer);
      await assert.rejects(start({ port: Number(port) }), (error: Error) => {
        assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}: the port is in use`));
        return true;
      });
    });

    it("refuses options that cannot work", async () => {
      await assert.rejects(start({ clientSecret: " " }), /clientSecret/);
      await assert.rejects(start({ appBaseUrl: "localhost:8080" }), /appBaseUrl must be an http or https URL/);
      await assert.rejects(start({ clientId: "gatehouse-cli" }), /taken by the token command/);
    });

    it("does not mind a slash at the end of the app's URL", async () => {
      const other = await start({ appBaseUrl: `${app.appBaseUrl}/` });
      assert.ok((await signIn(new UserAgent(), other, uma.login)).url.searchParams.get("code"));
    });

    it("stops promptly although connections are open, and may be stopped twice", async () => {
      const other = await start();
      const agent = new Agent({ keepAlive: true });
      const request = get(new URL("/livez", other.issuer), { agent });
      const [response] = await once(request, "response");
      response.resume();
      await once(response, "end");
      const unfinished = connect(Number(new URL(other.issuer).port), "127.0.0.1");
      unfinished.on("error", () => {}).write("GET /livez HTTP/1.1\r\n");
      await once(unfinished, "connect");
      await fetch(new URL("/livez", other.issuer));
      const before = performance.now();
      await Promise.all([other.stop(), other.stop()]);
      assert.ok(performance.now() - before < 1000);
      agent.destroy();
      await assert.rejects(fetch(new URL("/livez", other.issuer)));
    });
  });

  describe("with @okta/oidc-middleware", () => {
    let server: Server;
    let baseUrl: string;
    let idp: IdentityProvider;

    beforeEach(async () => {
      server = createServer();
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      baseUrl = `http://localhost:${(server.address() as AddressInfo).port}`;
      idp = await start({ appBaseUrl: baseUrl });
      server.on("request", await appWithOkta(idp, baseUrl));
    });

    afterEach(async () => {
      server.close();
      server.closeAllConnections();
    });

    it("logs in, reads the claims, logs out of both and is asked to sign in again", async () => {
      const agent = new UserAgent();
      const page = await agent.get(`${baseUrl}/whoami`);
      assert.match(page.body, /sign in as/);
      assert.ok(page.url.href.startsWith(`${idp.issuer}/signin/`));

      const inside = await agent.post(page.url, { login: uma.login });
      assert.equal(inside.url.href, `${baseUrl}/whoami`);
      const { claims, profile, accessToken } = JSON.parse(inside.body) as Record<string, Record<string, unknown>>;
      assert.equal(claims?.sub, uma.id);
      assert.deepEqual(claims?.groups, uma.groups);
      assert.equal(profile?.given_name, "Uma");
      const token = String(accessToken);
      assert.equal((await userinfoResponse(idp, token)).status, 200);

      const out = await agent.post(`${baseUrl}/logout`, {});
      assert.equal(out.url.href, `${baseUrl}/`);
      assert.equal(out.body, "signed out");
      assert.ok(out.trail.some((url) => url.href.startsWith(`${idp.issuer}/v1/logout?`)));
      assert.equal((await userinfoResponse(idp, token)).status, 401, "the middleware has revoked the token");
      assert.match((await agent.get(`${baseUrl}/whoami`)).body, /sign in as/);
    });

    it("hands on a login hint", async () => {
      const page = await new UserAgent().get(`${baseUrl}/login?login_hint=nina@example.com`);
      assert.equal(buttonsOf(page)[0]?.value, "nina@example.com");
    });
  });
});

describe("the stand-in's commands", () => {
  let folder: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-"));
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  function run(script: string, ...args: string[]) {
    const child = spawn(process.execPath, ["--import", "tsx", `app/demo/${script}.ts`, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output.stderr += text;
    });
    const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...output }));
    return { child, output, ended };
  }

  const standInArguments = [
    ...["--client-id", app.clientId],
    ...["--client-secret", app.clientSecret],
    ...["--app-base-url", app.appBaseUrl],
  ];

  it("run it alone: one line when ready, nothing else on the console, a clean end on SIGTERM", async () => {
    const { child, output, ended } = run("identity-provider-command", ...standInArguments);
    while (!output.stdout.includes("\n")) await once(child.stdout, "data");
    const issuer = /http\S+/.exec(output.stdout)?.[0] ?? "";
    const token = await run("token-command", "uma@example.com", "--issuer", issuer, "--data-dir", folder).ended;
    assert.deepEqual({ code: token.code, stderr: token.stderr }, { code: 0, stderr: "" });
    assert.equal(decodeJwt(token.stdout.trim()).sub, uma.login);
    const { access_token: browsers } = await tokensOf({ issuer }, uma.login);
    await new UserAgent().get(`${issuer}/v1/logout?id_token_hint=nonsense`);
    // The provider has something to say about scripts of other origins, unless it is told what to think of them.
    await fetch(`${issuer}/v1/userinfo`, { headers: { Authorization: `Bearer ${browsers}`, Origin: app.appBaseUrl } });
    child.kill("SIGTERM");
    assert.deepEqual(await ended, { code: 0, stdout: `Stand-in identity provider ready: ${issuer}\n`, stderr: "" });
  });

  it("say which options are missing or malformed", async () => {
    const missing = await run("identity-provider-command", "--client-id", "x").ended;
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^Missing: --client-secret, --app-base-url\./);
    assert.match(missing.stderr, /Usage:/);
    const malformed = await run("identity-provider-command", ...standInArguments, "--port", "high").ended;
    assert.equal(malformed.code, 1);
    assert.match(malformed.stderr, /--port must be a number/);
    const unknown = await run("identity-provider-command", "--colour", "red").ended;
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /--colour/);
  });

  it("print a token, and only that, for the demo that the data folder tells of", async () => {
    const idp = await startIdentityProvider(app);
    try {
      await writeDemoState(folder, { issuer: idp.issuer });
      const { code, stdout, stderr } = await run("token-command", "Uma@example.com", "--data-dir", folder).ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
      const keys = createLocalJWKSet((await json(`${idp.issuer}/v1/keys`)) as never);
      const { payload } = await jwtVerify(stdout.trim(), keys, { issuer: idp.issuer, audience: "api://default" });
      assert.deepEqual(payload.groups, uma.groups);
    } finally {
      await idp.stop();
    }
    const gone = await run("token-command", "uma@example.com", "--data-dir", folder).ended;
    assert.deepEqual({ code: gone.code, stdout: gone.stdout }, { code: 1, stdout: "" });
    assert.match(gone.stderr, /start it with npm start/);
  });

  it("say on the standard error what a token needs", async () => {
    const cases: [args: string[], message: RegExp][] = [
      [["uma@example.com", "--data-dir", folder], /start it with npm start/],
      [["zoe@example.com", "--data-dir", folder], /no demo user zoe@example.com[\s\S]*omar@example.com/],
      [[], /Usage:/],
      [["uma@example.com", "nina@example.com"], /Usage:/],
      [["--nonsense"], /--nonsense[\s\S]*Usage:/],
    ];
    await Promise.all(
      cases.map(async ([args, message]) => {
        const { code, stdout, stderr } = await run("token-command", ...args).ended;
        assert.deepEqual({ code, stdout }, { code: 1, stdout: "" }, String(args));
        assert.match(stderr, message);
        assert.doesNotMatch(stderr, /^\s+at /m, "no stack");
      }),
    );
  });

  it("find each other by a file that only its owner may read", async () => {
    const dataDir = join(folder, "new", "data");
    assert.equal(await readDemoState(dataDir), undefined);
    const state = { issuer: "http://localhost:1/oauth2/default" };
    await writeDemoState(dataDir, state);
    assert.deepEqual(await readDemoState(dataDir), state);
    assert.equal((await stat(join(dataDir, "demo.json"))).mode & 0o777, 0o600);
    await writeDemoState(dataDir, { issuer: 1 } as never);
    await assert.rejects(readDemoState(dataDir), /demo\.json is not what a demo writes/);
    await removeDemoState(dataDir);
    await removeDemoState(dataDir);
    assert.equal(await readDemoState(dataDir), undefined);
  });
});

describe("the stand-in's memory", () => {
  it("gives copies, and forgets what has expired, was destroyed or belongs to a revoked grant", async () => {
    const store = memoryAdapter();
    const codes = store("AuthorizationCode");
    const tokens = store("AccessToken");
    await codes.upsert("a", { grantId: "g", scope: "openid" }, 60);
    await tokens.upsert("a", { grantId: "g" }, 60);
    await tokens.upsert("b", { grantId: "h", uid: "u" });
    const copy = await codes.find("a");
    if (copy) copy.scope = "changed";
    assert.deepEqual(await codes.find("a"), { grantId: "g", scope: "openid" });
    assert.deepEqual(await tokens.findByUid("u"), { grantId: "h", uid: "u" });
    await tokens.revokeByGrantId("g");
    assert.equal(await tokens.find("a"), undefined);
    assert.ok(await codes.find("a"), "of another model");
    await shifted(61_000, async () => assert.equal(await codes.find("a"), undefined));
    await tokens.destroy("b");
    assert.equal(await tokens.findByUid("u"), undefined);
  });

  it("drops the oldest rather than grow without end", async () => {
    const sessions = memoryAdapter()("Session");
    for (let number = 0; number <= 10_000; number++) await sessions.upsert(String(number), { uid: String(number) });
    assert.equal(await sessions.find("0"), undefined);
    assert.ok(await sessions.find("1"));
    assert.ok(await sessions.find("10000"));
  });
});

type Issuer = Pick<IdentityProvider, "issuer">;

function authorizeUrl({ issuer }: Issuer, params: Record<string, string> = {}): string {
  return `${issuer}/v1/authorize?${new URLSearchParams({
    client_id: app.clientId,
    redirect_uri: callback,
    response_type: "code",
    scope: allScopes,
    state: "the-state",
    nonce: "the-nonce",
    ...params,
  })}`;
}

function isCallback(url: URL): boolean {
  return url.href.startsWith(callback);
}

async function signIn(
  agent: UserAgent,
  idp: Issuer,
  login: string,
  params: Record<string, string> = {},
): Promise<Visit> {
  const page = await agent.get(authorizeUrl(idp, params));
  const visit = await agent.post(page.url, { login }, isCallback);
  assert.ok(isCallback(visit.url), `back at the app, and not at ${visit.url}: ${visit.body}`);
  return visit;
}

function codeForm({ url }: Visit): Record<string, string> {
  const code = url.searchParams.get("code") ?? "";
  return { grant_type: "authorization_code", code, redirect_uri: callback };
}

async function exchange(idp: Issuer, visit: Visit): Promise<Tokens> {
  const response = await tokenRequest(idp, codeForm(visit));
  assert.equal(response.status, 200);
  return (await response.json()) as Tokens;
}

async function tokensOf(idp: Issuer, login: string, params: Record<string, string> = {}): Promise<Tokens> {
  return exchange(idp, await signIn(new UserAgent(), idp, login, params));
}

function idTokenClaims({ id_token: token }: Tokens): Record<string, unknown> {
  return decodeJwt(token);
}

function tokenRequest(idp: Issuer, form: Record<string, string>, client = app): Promise<Response> {
  return authenticated(idp, "/v1/token", form, client);
}

function authenticated(idp: Issuer, path: string, form: Record<string, string>, client = app): Promise<Response> {
  const credentials = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString("base64");
  return post(`${idp.issuer}${path}`, form, { Authorization: `Basic ${credentials}` });
}

function post(url: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: "POST", headers, body: new URLSearchParams(form) });
}

async function introspect(idp: Issuer, token: string): Promise<Record<string, unknown>> {
  const response = await authenticated(idp, "/v1/introspect", { token });
  assert.equal(response.status, 200);
  return (await response.json()) as Record<string, unknown>;
}

function userinfoResponse({ issuer }: Issuer, token: string): Promise<Response> {
  return fetch(`${issuer}/v1/userinfo`, { headers: { Authorization: `Bearer ${token}` } });
}

async function userinfo(idp: Issuer, token: string): Promise<Record<string, unknown>> {
  const response = await userinfoResponse(idp, token);
  assert.equal(response.status, 200);
  return (await response.json()) as Record<string, unknown>;
}

async function json(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  return (await response.json()) as Record<string, unknown>;
}

function buttonsOf({ body }: Visit): { value: string; text: string; focused: boolean }[] {
  return [...body.matchAll(/<button([^>]*type="submit"[^>]*)>([\s\S]*?)<\/button>/g)].map(
    ([, attributes = "", content]) => ({
      value: /value="([^"]*)"/.exec(attributes)?.[1] ?? "",
      text: (content ?? "").replace(/<[^>]*>/g, "").replace(/\s+/g, " "),
      focused: / autofocus/.test(attributes),
    }),
  );
}

function assertExpired({ body }: Visit): void {
  assert.match(body, /This sign-in is no longer waiting/);
  assert.ok(body.includes(`href="${app.appBaseUrl}/"`));
  assert.doesNotMatch(body, /\.(js|ts):\d+/, "no stack trace");
}

/** Runs something while the clock that the provider reads is off by so many milliseconds. */
async function shifted<T>(by: number, action: () => Promise<T>): Promise<T> {
  const { now } = Date;
  Date.now = () => now() + by;
  try {
    return await action();
  } finally {
    Date.now = now;
  }
}

/** Okta's libraries warn on the console about every issuer without https, which is what this one is. */
function withoutHttpsWarning<T>(make: () => T): T {
  const { warn } = console;
  console.warn = () => {};
  try {
    return make();
  } finally {
    console.warn = warn;
  }
}

function oktaVerifier({ issuer }: Issuer): OktaJwtVerifier {
  return withoutHttpsWarning(() => new OktaJwtVerifier({ issuer, testing: { disableHttpsCheck: true } }));
}

async function appWithOkta({ issuer }: Issuer, baseUrl: string) {
  const oidc = withoutHttpsWarning(
    () =>
      new ExpressOIDC({
        issuer,
        client_id: app.clientId,
        client_secret: app.clientSecret,
        appBaseUrl: baseUrl,
        scope: allScopes,
        testing: { disableHttpsCheck: true },
      }),
  );
  oidc.on("error", fail);
  await once(oidc, "ready");

  // The middleware's types are those of an Express of its own, which the compiler takes for another library.
  const router = oidc.router as unknown as RequestHandler;
  const ensureAuthenticated = oidc.ensureAuthenticated() as unknown as RequestHandler;
  const server = express();
  server.use(session({ secret: "test", resave: false, saveUninitialized: false, name: "app.sid" }));
  server.use(router);
  server.get("/", (req, res) => {
    res.send(req.userContext ? "signed in" : "signed out");
  });
  server.get("/whoami", ensureAuthenticated, (req, res) => {
    const { tokens, userinfo: profile } = req.userContext ?? {};
    res.json({ claims: decodeJwt(tokens?.id_token ?? ""), profile, accessToken: tokens?.access_token });
  });
  return server;
}

function fail(error: Error): never {
  throw error;
}
