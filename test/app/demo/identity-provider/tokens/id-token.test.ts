import assert from "node:assert/strict";
import { accessTokenHash } from "../../../../support/okta/access-token-hash.js";
import { uma, useIdentityProvider } from "../../../../support/okta/identity-provider.js";
import { oktaVerifier } from "../../../../support/okta/okta-verifier.js";
import { app, idTokenClaims, tokensOf } from "../../../../support/okta/web-client.js";

describe("the stand-in's ID tokens", () => {
  const { idp } = useIdentityProvider();

  it("are shaped like Okta's", async () => {
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
      at_hash: accessTokenHash(tokens.access_token),
    });
    assert.equal(Number(exp) - Number(iat), 3600);
    assert.match(String(jti), /^ID\./);
    assert.match(String(identityProvider), /^00o/);
    assert.ok(Math.abs(Number(authTime) - Date.now() / 1000) < 60);
    await oktaVerifier(idp).verifyIdToken(tokens.id_token, app.clientId, "the-nonce");
  });
});
