import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { cliClientId } from "../../../../../app/demo/identity-provider/options.js";
import { UserAgent } from "../../../../support/http/user-agent.js";
import { uma, useIdentityProvider } from "../../../../support/okta/identity-provider.js";
import { oktaVerifier } from "../../../../support/okta/okta-verifier.js";
import {
  allScopes,
  authorizeUrl,
  cliTokenRequest,
  type Tokens,
  tokenRequest,
  tokensOf,
  userinfo,
} from "../../../../support/okta/web-client.js";

describe("the stand-in identity provider: the password grant", () => {
  const { idp } = useIdentityProvider();

  const form = { grant_type: "password", username: uma.login, password: "any", scope: allScopes };

  it("gives the command-line client an access token like the browser's", async () => {
    const response = await cliTokenRequest(idp, form);
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
      const response = await cliTokenRequest(idp, fields);
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
