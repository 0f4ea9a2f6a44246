import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, get } from "node:http";
import { connect } from "node:net";
import { UserAgent } from "../../../support/http/user-agent.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { app, signIn } from "../../../support/okta/web-client.js";

describe("the stand-in identity provider: start and stop", () => {
  const { idp, start } = useIdentityProvider();

  it("says that a port is in use", async () => {
    const { port } = new URL(idp.issuer);
    await assert.rejects(start({ port: Number(port) }), (error: Error) => {
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}: the port is in use`));
      return true;
    });
  });

  it("refuses options that cannot work", async () => {
    await assert.rejects(start({ clientSecret: " " }), /clientSecret/);
    await assert.rejects(start({ appBaseUrl: "localhost:8080" }), /appBaseUrl must be an http or https URL/);
    await assert.rejects(start({ clientId: "gatehouse-cli" }), /taken by the token command/);
  });

  it("does not mind a slash at the end of the app's URL", async () => {
    const other = await start({ appBaseUrl: `${app.appBaseUrl}/` });
    assert.ok((await signIn(new UserAgent(), other, uma.login)).url.searchParams.get("code"));
  });

  it("stops promptly although connections are open, and may be stopped twice", async () => {
    const other = await start();
    const agent = new Agent({ keepAlive: true });
    const request = get(new URL("/livez", other.issuer), { agent });
    const [response] = await once(request, "response");
    response.resume();
    await once(response, "end");
    const unfinished = connect(Number(new URL(other.issuer).port), "127.0.0.1");
    unfinished.on("error", () => {}).write("GET /livez HTTP/1.1\r\n");
    await once(unfinished, "connect");
    await fetch(new URL("/livez", other.issuer));
    const before = performance.now();
    await Promise.all([other.stop(), other.stop()]);
    // Node waits a minute for the request that is not complete.
    assert.ok(performance.now() - before < 30_000);
    agent.destroy();
    await assert.rejects(fetch(new URL("/livez", other.issuer)));
  });
});
