import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { UserAgent } from "../../../support/http/user-agent.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import {
  allScopes,
  app,
  authenticated,
  authorizeUrl,
  cliTokenRequest,
  exchange,
  introspect,
  isCallback,
  signIn,
  type Tokens,
  tokenRequest,
  tokensOf,
  userinfoResponse,
} from "../../../support/okta/web-client.js";

describe("the stand-in identity provider: revocation and introspection", () => {
  const { idp } = useIdentityProvider();

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
    const response = await cliTokenRequest(idp, {
      grant_type: "password",
      username: uma.login,
      password: "any",
      scope: "openid",
    });
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
