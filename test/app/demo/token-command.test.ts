import assert from "node:assert/strict";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { writeDemoState } from "../../../app/demo/demo-state.js";
import { startIdentityProvider } from "../../../app/demo/identity-provider/index.js";
import { useCommands } from "../../support/demo/commands.js";
import { uma } from "../../support/okta/identity-provider.js";
import { app, json } from "../../support/okta/web-client.js";

describe("the token command", () => {
  const commands = useCommands();

  it("prints a token, and only that, for the demo of a data folder", async () => {
    const idp = await startIdentityProvider(app);
    try {
      await writeDemoState(commands.folder, { issuer: idp.issuer, apiToken: idp.org.apiToken });
      const { code, stdout, stderr } = await commands.run(
        "token-command",
        "Uma@example.com",
        "--data-dir",
        commands.folder,
      ).ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
      const keys = createLocalJWKSet((await json(`${idp.issuer}/v1/keys`)) as never);
      const { payload } = await jwtVerify(stdout.trim(), keys, { issuer: idp.issuer, audience: "api://default" });
      assert.deepEqual(payload.groups, uma.groups);
    } finally {
      await idp.stop();
    }
    const gone = await commands.run("token-command", "uma@example.com", "--data-dir", commands.folder).ended;
    assert.deepEqual({ code: gone.code, stdout: gone.stdout }, { code: 1, stdout: "" });
    assert.match(gone.stderr, /start it with npm start/);
  });

  it("prints one with the scope that the API requires, from the client of the command", async () => {
    const idp = await startIdentityProvider({ ...app, apiScope: "crm:contacts" });
    try {
      const env = { OKTA_API_SCOPE: "crm:contacts" };
      const { stdout } = await commands.runWith(env, "token-command", "uma@example.com", "--issuer", idp.issuer).ended;
      const { scp, cid } = decodeJwt(stdout.trim());
      assert.deepEqual([scp, cid], [["openid", "profile", "email", "groups", "crm:contacts"], "gatehouse-cli"]);
    } finally {
      await idp.stop();
    }
  });

  it("says on the standard error what a token needs", async () => {
    const cases: [args: string[], message: RegExp][] = [
      [["uma@example.com", "--data-dir", commands.folder], /start it with npm start/],
      [["zoe@example.com", "--data-dir", commands.folder], /no demo user zoe@example.com[\s\S]*omar@example.com/],
      [[], /Usage:/],
      [["uma@example.com", "nina@example.com"], /Usage:/],
      [["--nonsense"], /--nonsense[\s\S]*Usage:/],
    ];
    await Promise.all(
      cases.map(async ([args, message]) => {
        const { code, stdout, stderr } = await commands.run("token-command", ...args).ended;
        assert.deepEqual({ code, stdout }, { code: 1, stdout: "" }, String(args));
        assert.match(stderr, message);
        assert.doesNotMatch(stderr, /^\s+at /m, "no stack");
      }),
    );
  });
});
