import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { useTemporaryDatabase } from "../support/database/temporary-database.js";
import { cleanEnvironment, useStack } from "../support/stack/stack.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";

describe("in production", function () {
  this.timeout(120_000);

  it("nothing set ends the start with exit code 1 and one message that names every setting", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "app/main.ts"], {
      env: { ...cleanEnvironment(), NODE_ENV: "production" },
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.equal(stdout, "");
    const required =
      "APP_BASE_URL OKTA_ISSUER OKTA_CLIENT_ID OKTA_CLIENT_SECRET CERBOS_HOSTNAME DATABASE_URL SESSION_SECRET";
    for (const name of required.split(" ")) assert.match(stderr, new RegExp(`- ${name}: missing`));
    assert.match(stderr, /- OKTA_API_SCOPE, OKTA_API_CLIENTS: missing/);
    assert.doesNotMatch(stderr, /\bat .*:\d+:\d+/);
  });

  describe("with everything set", () => {
    const database = useTemporaryDatabase();
    const modules = useTemporaryFolder();
    const stack = useStack(() => ({
      NODE_ENV: "production",
      APP_BASE_URL: "https://crm.example.com",
      // Discard ports: neither Okta nor the PDP need be there for what is looked at here.
      OKTA_ISSUER: "https://localhost:9/oauth2/default",
      OKTA_CLIENT_ID: "client",
      OKTA_CLIENT_SECRET: "secret",
      CERBOS_HOSTNAME: "localhost:9",
      DATABASE_URL: database.url,
      SESSION_SECRET: "b1f7c2e09a4d83566e0d7f41c98ab352",
      OKTA_API_CLIENTS: "api-client",
      // Node writes here which scripts a process has loaded.
      NODE_V8_COVERAGE: modules.path,
    }));

    it("browsers must use https", async () => {
      const answer = await fetch(`${stack.url}/login`, {
        headers: { "X-Forwarded-Proto": "https" },
        redirect: "manual",
      });
      assert.match(answer.headers.get("strict-transport-security") ?? "", /max-age=\d{7,}/);
      assert.match(answer.headers.get("content-security-policy") ?? "", /upgrade-insecure-requests/);
    });

    it("no demo code is loaded", async () => {
      assert.equal(await stack.stop(), 0);
      const urls: string[] = [];
      for (const file of await readdir(modules.path)) {
        const { result } = JSON.parse(await readFile(join(modules.path, file), "utf8")) as {
          result: { url: string }[];
        };
        urls.push(...result.map(({ url }) => url));
      }
      assert(
        urls.some((url) => /\/app\/app\.[jt]s$/.test(url)),
        "the app itself is not among the loaded modules",
      );
      const demo = urls.filter((url) =>
        /\/app\/demo\/|\/node_modules\/(oidc-provider|cerbos|@electric-sql)\//.test(url),
      );
      assert.deepEqual(demo, []);
    });
  });
});
