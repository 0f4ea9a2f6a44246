import assert from "node:assert/strict";
import { useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { json } from "../../../support/okta/web-client.js";

describe("the stand-in identity provider: discovery", () => {
  const { idp } = useIdentityProvider();

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
