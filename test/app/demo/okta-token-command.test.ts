import assert from "node:assert/strict";
import { writeDemoState } from "../../../app/demo/demo-state.js";
import { startIdentityProvider } from "../../../app/demo/identity-provider/index.js";
import { useCommands } from "../../support/demo/commands.js";
import { managementApi } from "../../support/okta/management-api.js";
import { app } from "../../support/okta/web-client.js";

describe("the command for the API token", () => {
  const commands = useCommands();

  it("prints the token of the demo of a data folder, and only that, as long as the demo runs", async () => {
    const idp = await startIdentityProvider(app);
    const run = () => commands.run("okta-token-command", "--data-dir", commands.folder).ended;
    try {
      await writeDemoState(commands.folder, { issuer: idp.issuer, apiToken: idp.org.apiToken });
      const { code, stdout, stderr } = await run();
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /^00T\w+\n$/);
      assert.equal((await managementApi(idp, `SSWS ${stdout.trim()}`)("GET", "/api/v1/users")).status, 200);
    } finally {
      await idp.stop();
    }
    const gone = await run();
    assert.deepEqual([gone.code, gone.stdout], [1, ""]);
    assert.match(gone.stderr, /No demo answers at .*start it with npm start/);
  });

  it("says on the standard error what it needs", async () => {
    const cases: [args: string[], message: RegExp][] = [
      [["--data-dir", commands.folder], /No demo is running/],
      [["--nonsense"], /--nonsense[\s\S]*Usage:/],
    ];
    await Promise.all(
      cases.map(async ([args, message]) => {
        const { code, stdout, stderr } = await commands.run("okta-token-command", ...args).ended;
        assert.deepEqual([code, stdout], [1, ""]);
        assert.match(stderr, message);
      }),
    );
  });
});
