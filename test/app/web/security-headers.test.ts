import assert from "node:assert/strict";
import { samplePaths } from "../../support/http/sample-paths.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { useProxiedStack } from "../../support/okta/issuer-stacks.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

describe("the headers of every answer", () => {
  const { stack, uma } = useSharedStack();
  const { stack: proxied } = useProxiedStack();
  let browser: UserAgent;
  before(async () => {
    browser = await stack.login("uma@example.com");
  });

  const visit = (path: string, headers: Record<string, string> = {}) =>
    new UserAgent().request(`${stack.url}${path}`, { headers });

  for (const path of samplePaths) {
    it(`that keep browsers from doing harm: ${path}`, async () => {
      const { headers } = await visit(path);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("x-frame-options"), "DENY");
      assert.equal(headers.get("referrer-policy"), "same-origin");
      assert.equal(headers.get("x-powered-by"), null);
      assert.equal(headers.get("server"), null);
      // There is no https to insist on.
      assert.equal(headers.get("strict-transport-security"), null);

      const policy = headers.get("content-security-policy") ?? "";
      const directives = new Map(policy.split(";").map((part) => part.split(/ (.*)/) as [string, string]));
      assert.equal(directives.get("default-src"), "'none'");
      assert.equal(directives.get("style-src"), "'self'");
      assert.equal(directives.get("base-uri"), "'none'");
      assert.equal(directives.get("frame-ancestors"), "'none'");
      assert.ok(!directives.has("script-src"));
      assert.doesNotMatch(policy, /unsafe|\*|data:|upgrade-insecure-requests/);
    });
  }

  it("that insist on https, when the app is at an https address", async () => {
    const { headers } = await new UserAgent().request(`${proxied.url}/livez`);
    assert.match(headers.get("strict-transport-security") ?? "", /^max-age=\d{7,}/);
    assert.match(headers.get("content-security-policy") ?? "", /upgrade-insecure-requests/);
  });

  it("that keep what is private out of caches, and carry no validators for it", async () => {
    for (const path of ["/", "/contacts", "/contacts/new", "/profile", "/nowhere"]) {
      const { headers } = await browser.request(`${stack.url}${path}`);
      assert.equal(headers.get("cache-control"), "no-store", path);
      assert.equal(headers.get("etag"), null, path);
      assert.equal(headers.get("last-modified"), null, path);
    }
    for (const path of ["/contacts?limit=1", "/profile"]) {
      const { headers } = await uma.get(path);
      assert.equal(headers.get("cache-control"), "no-store", path);
      assert.equal(headers.get("etag"), null, path);
    }
  });
});
