import assert from "node:assert/strict";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { uma, useIdentityProvider } from "../../../../support/okta/identity-provider.js";
import { oktaVerifier } from "../../../../support/okta/okta-verifier.js";
import { app, tokensOf } from "../../../../support/okta/web-client.js";

describe("the stand-in's access tokens", () => {
  const { idp } = useIdentityProvider();

  it("are shaped like Okta's", async () => {
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

  it("are accepted by Okta's verifier, for their audience only", async () => {
    const { access_token: token } = await tokensOf(idp, uma.login);
    const verifier = oktaVerifier(idp);
    const { claims } = await verifier.verifyAccessToken(token, "api://default");
    assert.equal(claims.sub, uma.login);
    await assert.rejects(verifier.verifyAccessToken(token, "api://other"), /audience/);
  });
});
