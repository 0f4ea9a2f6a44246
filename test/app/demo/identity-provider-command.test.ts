import assert from "node:assert/strict";
import { once } from "node:events";
import { decodeJwt } from "jose";
import { useCommands } from "../../support/demo/commands.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { HookReceiver } from "../../support/okta/hook-receiver.js";
import { uma } from "../../support/okta/identity-provider.js";
import { app, tokensOf } from "../../support/okta/web-client.js";
import { until } from "../../support/until.js";

describe("the command that runs the stand-in alone", () => {
  const commands = useCommands();
  const requiredArguments = [
    ...["--client-id", app.clientId],
    ...["--client-secret", app.clientSecret],
    ...["--app-base-url", app.appBaseUrl],
  ];

  it("prints one line when ready and nothing else, and ends cleanly on SIGTERM", async () => {
    const { child, output, ended } = commands.run("identity-provider-command", ...requiredArguments);
    while (!output.stdout.includes("\n")) await once(child.stdout, "data");
    const issuer = /http\S+/.exec(output.stdout)?.[0] ?? "";
    const token = await commands.run(
      "token-command",
      "uma@example.com",
      "--issuer",
      issuer,
      "--data-dir",
      commands.folder,
    ).ended;
    assert.deepEqual({ code: token.code, stderr: token.stderr }, { code: 0, stderr: "" });
    assert.equal(decodeJwt(token.stdout.trim()).sub, uma.login);
    const { access_token: browsers } = await tokensOf({ issuer }, uma.login);
    await new UserAgent().get(`${issuer}/v1/logout?id_token_hint=nonsense`);
    // The provider prints a notice about requests of other origins, unless it is configured for them.
    await fetch(`${issuer}/v1/userinfo`, { headers: { Authorization: `Bearer ${browsers}`, Origin: app.appBaseUrl } });
    child.kill("SIGTERM");
    assert.deepEqual(await ended, { code: 0, stdout: `Stand-in identity provider ready: ${issuer}\n`, stderr: "" });
  });

  it("gives its organization the API token and the hook that are named", async () => {
    const receiver = new HookReceiver();
    await receiver.start();
    try {
      const organization = ["--api-token", "00Tgiven", "--hook-url", receiver.url, "--hook-secret", "the secret"];
      const { child, output } = commands.run("identity-provider-command", ...requiredArguments, ...organization);
      while (!output.stdout.includes("\n")) await once(child.stdout, "data");
      const suspend = new URL(`/api/v1/users/${uma.id}/lifecycle/suspend`, /http\S+/.exec(output.stdout)?.[0]);
      const answer = await fetch(suspend, { method: "POST", headers: { Authorization: "SSWS 00Tgiven" } });
      assert.equal(answer.status, 200);
      await until(() => receiver.deliveries.length === 1, 30_000, "a delivery");
      assert.equal(receiver.deliveries[0]?.authorization, "the secret");
    } finally {
      await receiver.stop();
    }
    const half = await commands.run("identity-provider-command", ...requiredArguments, "--hook-url", receiver.url)
      .ended;
    assert.equal(half.code, 1);
    assert.match(half.stderr, /--hook-url and --hook-secret belong together/);
  });

  it("says which options are missing or malformed", async () => {
    const missing = await commands.run("identity-provider-command", "--client-id", "x").ended;
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^Missing: --client-secret, --app-base-url\./);
    assert.match(missing.stderr, /Usage:/);
    const malformed = await commands.run("identity-provider-command", ...requiredArguments, "--port", "high").ended;
    assert.equal(malformed.code, 1);
    assert.match(malformed.stderr, /--port must be a number/);
    const unknown = await commands.run("identity-provider-command", "--colour", "red").ended;
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /--colour/);
  });
});
