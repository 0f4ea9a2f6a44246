import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import oktaMiddleware from "@okta/oidc-middleware";
import express, { type RequestHandler } from "express";
import session from "express-session";
import { decodeJwt } from "jose";
import { withoutHttpsWarning } from "../../../../app/auth/http-issuer.js";
import type { IdentityProvider } from "../../../../app/demo/identity-provider/index.js";
import { UserAgent } from "../../../support/http/user-agent.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { buttonsOf } from "../../../support/okta/sign-in-page.js";
import { type AuthorizationServer, allScopes, app, userinfoResponse } from "../../../support/okta/web-client.js";

describe("the stand-in identity provider: with @okta/oidc-middleware", () => {
  const { start } = useIdentityProvider();
  let server: Server;
  let baseUrl: string;
  let idp: IdentityProvider;

  beforeEach(async () => {
    server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    baseUrl = `http://localhost:${(server.address() as AddressInfo).port}`;
    idp = await start({ appBaseUrl: baseUrl });
    server.on("request", await appWithOkta(idp, baseUrl));
  });

  afterEach(async () => {
    server.close();
    server.closeAllConnections();
  });

  it("logs in, reads the claims, logs out of both and is asked to sign in again", async () => {
    const agent = new UserAgent();
    const page = await agent.get(`${baseUrl}/whoami`);
    assert.match(page.body, /sign in as/);
    assert.ok(page.url.href.startsWith(`${idp.issuer}/signin/`));

    const inside = await agent.post(page.url, { login: uma.login });
    assert.equal(inside.url.href, `${baseUrl}/whoami`);
    const { claims, profile, accessToken } = JSON.parse(inside.body) as Record<string, Record<string, unknown>>;
    assert.equal(claims?.sub, uma.id);
    assert.deepEqual(claims?.groups, uma.groups);
    assert.equal(profile?.given_name, "Uma");
    const token = String(accessToken);
    assert.equal((await userinfoResponse(idp, token)).status, 200);

    const out = await agent.post(`${baseUrl}/logout`, {});
    assert.equal(out.url.href, `${baseUrl}/`);
    assert.equal(out.body, "signed out");
    assert.ok(out.trail.some((url) => url.href.startsWith(`${idp.issuer}/v1/logout?`)));
    assert.equal((await userinfoResponse(idp, token)).status, 401, "the middleware has revoked the token");
    assert.match((await agent.get(`${baseUrl}/whoami`)).body, /sign in as/);
  });

  it("hands on a login hint", async () => {
    const page = await new UserAgent().get(`${baseUrl}/login?login_hint=nina@example.com`);
    assert.equal(buttonsOf(page)[0]?.value, "nina@example.com");
  });
});

async function appWithOkta({ issuer }: AuthorizationServer, baseUrl: string) {
  const oidc = withoutHttpsWarning(
    () =>
      new oktaMiddleware.ExpressOIDC({
        issuer,
        client_id: app.clientId,
        client_secret: app.clientSecret,
        appBaseUrl: baseUrl,
        scope: allScopes,
        testing: { disableHttpsCheck: true },
      }),
  );
  oidc.on("error", (error) => assert.fail(error));
  await once(oidc, "ready");

  // The middleware's types are those of another version of Express, which the compiler takes for another library.
  const router = oidc.router as unknown as RequestHandler;
  const ensureAuthenticated = oidc.ensureAuthenticated() as unknown as RequestHandler;
  const server = express();
  server.use(session({ secret: "test", resave: false, saveUninitialized: false, name: "app.sid" }));
  server.use(router);
  server.get("/", (req, res) => {
    res.send(req.userContext ? "signed in" : "signed out");
  });
  server.get("/whoami", ensureAuthenticated, (req, res) => {
    const { tokens, userinfo: profile } = req.userContext ?? {};
    res.json({ claims: decodeJwt(tokens?.id_token ?? ""), profile, accessToken: tokens?.access_token });
  });
  return server;
}
