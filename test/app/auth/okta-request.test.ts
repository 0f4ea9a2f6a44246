import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getFromOkta } from "../../../app/auth/okta-request.js";
import { OktaUnavailableError } from "../../../app/auth/okta-unavailable.js";
import { signingKeys } from "../../../app/auth/tokens/signing-keys.js";
import { userinfoOf } from "../../../app/auth/tokens/userinfo.js";
import { useFixture } from "../../support/fixture.js";

/** A server that answers every request with a redirect to another path of its own, and counts what follows it. */
async function startRedirecting() {
  let followed = 0;
  const server = createServer((req, res) => {
    if (req.url === "/elsewhere") followed += 1;
    res.writeHead(307, { Location: "/elsewhere" }).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    followed: () => followed,
    async stop() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}

describe("a redirect of Okta's", () => {
  const okta = useFixture(startRedirecting, ({ stop }) => stop());

  const requests: Readonly<Record<string, () => Promise<unknown>>> = {
    "to whether it answers": () => getFromOkta(`${okta.url}/.well-known/openid-configuration`, 2_000),
    "to userinfo, which gets a token": () => userinfoOf(okta.url)("token"),
    "to the keys": async () => signingKeys(okta.url)({ alg: "RS256", kid: "a" }, { payload: "", signature: "" }),
  };
  for (const [what, request] of Object.entries(requests)) {
    it(`is not followed: ${what}`, async () => {
      await assert.rejects(request(), OktaUnavailableError);
      assert.equal(okta.followed(), 0);
    });
  }
});
