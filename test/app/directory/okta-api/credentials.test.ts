import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { decodeProtectedHeader, jwtVerify } from "jose";
import { OktaApi } from "../../../../app/directory/okta-api/client.js";
import { readSigningKey } from "../../../../app/private-key.js";
import { useFixture } from "../../../support/fixture.js";
import { ApiServer, json } from "../../../support/okta/api-server.js";
import { useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { silentLogger } from "../../../support/telemetry/silent-logger.js";

const clientId = "0oa1serviceApp";
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = readSigningKey(JSON.stringify({ ...privateKey.export({ format: "jwk" }), kid: "key-1" }));
const clientOf = (org: string, credentials: ConstructorParameters<typeof OktaApi>[0]["credentials"]) =>
  new OktaApi({ org, credentials, attributes: [], managerAttribute: "managerId", logger: silentLogger });

describe("credentials for Okta's API, as the stand-in takes them", () => {
  const { start } = useIdentityProvider();
  const startWithApp = async (scopes: readonly ("okta.users.read" | "okta.groups.read" | "okta.logs.read")[]) => {
    const idp = await start({
      okta: { serviceApp: { clientId, publicKey: publicKey.export({ format: "jwk" }), scopes } },
    });
    return { ...idp, origin: new URL(idp.issuer).origin };
  };
  const readAll = ["okta.users.read", "okta.groups.read", "okta.logs.read"] as const;

  it("are those of a services app, or an API token", async () => {
    const { origin, org } = await startWithApp(readAll);
    for (const credentials of [{ clientId, privateKey: key }, { token: org.apiToken }]) {
      const api = clientOf(origin, credentials);
      assert((await api.users()).items.length > 0);
      assert((await api.groups()).items.length > 0);
      assert((await api.log(api.logFrom(new Date()))).next);
    }
  });

  it("are renewed once an access token is not accepted any more", async () => {
    const { origin, org } = await startWithApp(readAll);
    const api = clientOf(origin, { clientId, privateKey: key });
    await api.users();
    org.revokeAccessTokens();
    const pages = await Promise.all([api.users(), api.groups(), api.users()]);
    assert(pages.every(({ items }) => items.length > 0));
  });

  it("that are wrong are told apart from an Okta that fails", async () => {
    const { origin } = await startWithApp(["okta.users.read"]);
    const other = readSigningKey(
      generateKeyPairSync("rsa", { modulusLength: 2048 })
        .privateKey.export({ type: "pkcs8", format: "pem" })
        .toString(),
    );
    for (const [credentials, message] of [
      [{ token: "00Twrong" }, "Okta answered 401 (E0000011) to users"],
      [{ clientId, privateKey: other }, "Okta answered 401 (invalid_client) to token"],
      [{ clientId: "0oaother", privateKey: key }, "Okta answered 401 (invalid_client) to token"],
      [{ clientId, privateKey: key }, "Okta answered 400 (invalid_scope) to token"],
    ] as const) {
      await assert.rejects(clientOf(origin, credentials).users(), { kind: "unauthorized", message });
    }
  });
});

describe("access tokens for Okta's API", () => {
  const server = useFixture(
    () => ApiServer.start(),
    (started) => started.stop(),
  );
  const asked = (path: string) => server.requests.filter(({ url }) => url.startsWith(path));
  const serve = (expiresIn: number, status: (authorization: string | undefined) => number = () => 200) => {
    server.requests.length = 0;
    let tokens = 0;
    server.answer = (res, { url, authorization }) =>
      url === "/oauth2/v1/token"
        ? json(res, 200, { token_type: "Bearer", access_token: `token-${++tokens}`, expires_in: expiresIn })
        : json(res, status(authorization), []);
    return clientOf(server.origin, { clientId, privateKey: key });
  };

  it("are asked for with an assertion that Okta takes (RFC 7523), each with an id of its own", async () => {
    const api = serve(1);
    await api.users();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await api.users();
    const ids = new Set<unknown>();
    for (const { body, authorization } of asked("/oauth2/v1/token")) {
      const form = new URLSearchParams(body);
      assert.deepEqual(
        ["grant_type", "scope", "client_assertion_type"].map((name) => form.get(name)),
        [
          "client_credentials",
          "okta.users.read okta.groups.read okta.logs.read",
          "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ],
      );
      assert.equal(authorization, undefined);
      const assertion = form.get("client_assertion") ?? "";
      const audience = `${server.origin}/oauth2/v1/token`;
      const { payload } = await jwtVerify(assertion, publicKey, { issuer: clientId, subject: clientId, audience });
      assert(payload.exp && payload.exp <= Date.now() / 1_000 + 300);
      assert.deepEqual(decodeProtectedHeader(assertion), { alg: "RS256", typ: "JWT", kid: "key-1" });
      ids.add(payload.jti);
    }
    assert.deepEqual([ids.size, ids.has(undefined)], [2, false]);
  });

  it("are asked for once for all requests, and used until shortly before their end", async () => {
    const api = serve(4);
    const start = performance.now();
    await Promise.all([api.users(), api.groups(), api.users()]);
    await api.users();
    assert.equal(asked("/oauth2/v1/token").length, 1);
    await new Promise((resolve) => setTimeout(resolve, 3_700 - (performance.now() - start)));
    await Promise.all([api.users(), api.groups()]);
    assert.equal(asked("/oauth2/v1/token").length, 2);
    assert(asked("/api/").every(({ authorization }) => authorization?.startsWith("Bearer token-")));
  });

  it("are renewed once only for a request, and for all that were refused together", async () => {
    const api = serve(3_600, () => 401);
    await assert.rejects(api.users(), { kind: "unauthorized" });
    assert.deepEqual([asked("/oauth2/v1/token").length, asked("/api/").length], [2, 2]);

    const again = serve(3_600, (authorization) => (authorization === "Bearer token-1" ? 401 : 200));
    await Promise.all([again.users(), again.groups(), again.users()]);
    assert.equal(asked("/oauth2/v1/token").length, 2);
  });

  it("are asked for again after a failure", async () => {
    let isDown = true;
    const api = serve(3_600);
    const { answer } = server;
    server.answer = (res, arrived, n, req) => (isDown ? json(res, 403, {}) : answer(res, arrived, n, req));
    await assert.rejects(api.users(), { kind: "unauthorized" });
    isDown = false;
    assert.deepEqual((await api.users()).items, []);
  });

  it("must be some", async () => {
    server.answer = (res) => json(res, 200, { access_token: 7, expires_in: "long" });
    const api = clientOf(server.origin, { clientId, privateKey: key });
    await assert.rejects(api.users(), { kind: "unavailable", message: /token\.access_token/ });
  });
});
