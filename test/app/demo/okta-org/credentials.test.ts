import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { IdentityProvider } from "../../../../app/demo/identity-provider/index.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { managementApi } from "../../../support/okta/management-api.js";

const clientId = "0oa1serviceApp";
const readScopes = ["okta.users.read", "okta.groups.read", "okta.logs.read"] as const;

describe("the stand-in's Management API: credentials", () => {
  const { start } = useIdentityProvider();

  async function startWithApp() {
    const { privateKey, publicKey } = await generateKeyPair("RS256");
    const idp = await start({
      okta: { serviceApp: { clientId, publicKey: await exportJWK(publicKey), scopes: readScopes } },
    });
    const tokenUrl = `${new URL(idp.issuer).origin}/oauth2/v1/token`;
    const assertion = (
      changes: { iss?: string; sub?: string; aud?: string; exp?: string | number; jti?: string } = {},
    ) => {
      const { iss = clientId, sub = clientId, aud = tokenUrl, exp = "5m", jti = crypto.randomUUID() } = changes;
      return new SignJWT({ iss, sub, aud, jti }).setProtectedHeader({ alg: "RS256" }).setExpirationTime(exp);
    };
    const request = async (jwt: string, changes: Record<string, string> = {}) => {
      const response = await fetch(tokenUrl, {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "client_credentials",
          scope: readScopes.join(" "),
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: jwt,
          ...changes,
        }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, string> };
    };
    return { idp, assertion, request, privateKey };
  }
  const statusOf = async (idp: IdentityProvider, authorization: string, method = "GET", path = `/users/${uma.id}`) =>
    (await managementApi(idp, authorization)(method, `/api/v1${path}`)).status;

  it("refuses a missing, wrong or foreign token", async () => {
    const [idp, other] = await Promise.all([start(), start()]);
    for (const authorization of [
      "",
      "SSWS",
      "SSWS 00Twrong",
      `Bearer ${idp.org.apiToken}`,
      `SSWS ${other.org.apiToken}`,
    ]) {
      for (const path of ["/users", `/users/${uma.id}`, "/groups", "/logs"]) {
        const { status, body } = await managementApi(idp, authorization)("GET", `/api/v1${path}`);
        assert.deepEqual([status, body.errorCode], [401, "E0000011"], authorization + path);
      }
    }
    assert.equal(await statusOf(idp, `SSWS ${idp.org.apiToken}`), 200);
    assert.equal(await statusOf(idp, "SSWS 00Twrong", "DELETE"), 401);
    assert.equal(idp.org.organization.user(uma.id).status, "ACTIVE");
  });

  it("gives a service app a token for its assertion, which reads and does not write", async () => {
    const { idp, assertion, request, privateKey } = await startWithApp();
    const { status, body } = await request(await assertion().sign(privateKey));
    assert.equal(status, 200);
    const { access_token: token, ...rest } = body;
    assert.deepEqual(rest, { token_type: "Bearer", expires_in: 3600, scope: readScopes.join(" ") });
    const bearer = `Bearer ${token}`;
    for (const path of ["/users", "/groups", "/logs"]) assert.equal(await statusOf(idp, bearer, "GET", path), 200);
    const write = await managementApi(idp, bearer)("POST", `/api/v1/users/${uma.id}/lifecycle/suspend`);
    assert.deepEqual([write.status, write.body.errorCode], [403, "E0000006"]);
    idp.org.revokeAccessTokens();
    assert.equal(await statusOf(idp, bearer), 401);
  });

  it("gives a token no more than was asked for", async () => {
    const { idp, assertion, request, privateKey } = await startWithApp();
    const { body } = await request(await assertion().sign(privateKey), { scope: "okta.users.read" });
    assert.equal(await statusOf(idp, `Bearer ${body.access_token}`), 200);
    assert.equal(await statusOf(idp, `Bearer ${body.access_token}`, "GET", "/groups"), 403);
    for (const scope of ["okta.users.manage", "okta.users.read okta.apps.read", ""]) {
      const refused = await request(await assertion().sign(privateKey), { scope });
      assert.deepEqual([refused.status, refused.body.error], [400, "invalid_scope"], scope);
    }
  });

  it("refuses an assertion of another key, client or audience, one that has expired or expires too late, and a second use", async () => {
    const { assertion, request, privateKey } = await startWithApp();
    const { privateKey: otherKey } = await generateKeyPair("RS256");
    const good = await assertion().sign(privateKey);
    assert.equal((await request(good)).status, 200);
    const bad = [
      good,
      "nonsense",
      await assertion().sign(otherKey),
      await assertion({ iss: "0oa1other" }).sign(privateKey),
      await assertion({ sub: "0oa1other" }).sign(privateKey),
      await assertion({ aud: "https://example.okta.com/oauth2/v1/token" }).sign(privateKey),
      await assertion({ exp: Math.floor(Date.now() / 1000) - 60 }).sign(privateKey),
      await assertion({ exp: "2h" }).sign(privateKey),
    ];
    for (const [n, jwt] of bad.entries()) {
      const { status, body } = await request(jwt);
      assert.deepEqual([status, body.error], [401, "invalid_client"], String(n));
    }
    const wrongGrant = await request(await assertion().sign(privateKey), { grant_type: "password" });
    assert.equal(wrongGrant.body.error, "unsupported_grant_type");
  });
});
