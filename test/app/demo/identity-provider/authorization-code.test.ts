import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { UserAgent } from "../../../support/http/user-agent.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import {
  allScopes,
  app,
  codeForm,
  exchange,
  signIn,
  type Tokens,
  tokenRequest,
  tokensOf,
  userinfo,
} from "../../../support/okta/web-client.js";

describe("the stand-in's tokens: authorization code flow", () => {
  const { idp, start } = useIdentityProvider();

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
