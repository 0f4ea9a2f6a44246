import assert from "node:assert/strict";
import { decodeJwt, SignJWT } from "jose";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { HOUR_MS, withShiftedClock } from "../../../support/okta/shifted-clock.js";
import { tokensOf, userinfo, userinfoResponse } from "../../../support/okta/web-client.js";

describe("the stand-in identity provider: userinfo", () => {
  const { idp, start } = useIdentityProvider();

  it("has the whole profile", async () => {
    const { access_token: token } = await tokensOf(idp, uma.login);
    assert.deepEqual(await userinfo(idp, token), {
      sub: uma.id,
      name: "Uma Underhill",
      given_name: "Uma",
      family_name: "Underhill",
      preferred_username: uma.login,
      locale: "en-US",
      zoneinfo: "Europe/London",
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
    await withShiftedClock(HOUR_MS + 1000, async () => assert.equal((await userinfoResponse(idp, token)).status, 401));
    assert.equal((await userinfoResponse(idp, token)).status, 401, "an expired token is gone for good");
  });
});
