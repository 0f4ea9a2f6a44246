import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { uma, useIdentityProvider } from "../../../../support/okta/identity-provider.js";
import { idTokenClaims, tokensOf, userinfo } from "../../../../support/okta/web-client.js";

describe("the stand-in's tokens: claims", () => {
  const { idp, start } = useIdentityProvider();

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
});
