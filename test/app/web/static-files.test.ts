import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { UserAgent } from "../../support/http/user-agent.js";
import { projectPath } from "../../support/paths.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

describe("static files under /assets", () => {
  const { stack } = useSharedStack();
  let browser: UserAgent;
  before(async () => {
    browser = await stack.login("uma@example.com");
  });

  const visit = (path: string, headers: Record<string, string> = {}) =>
    new UserAgent().request(`${stack.url}${path}`, { headers });

  it("are style sheets and pictures, which may be cached", async () => {
    for (const [file, type] of [
      ["gatehouse.css", /^text\/css/],
      ["pico.min.css", /^text\/css/],
      ["favicon.svg", /^image\/svg\+xml/],
    ] as const) {
      const { status, headers } = await visit(`/assets/${file}`);
      assert.equal(status, 200);
      assert.match(headers.get("content-type") ?? "", type);
      assert.match(headers.get("cache-control") ?? "", /^public, max-age=[1-9]/);
    }
  });

  it("are the only files there", async () => {
    // A file beside the folder that is served, for paths that lead out of it.
    assert(existsSync(projectPath("app/web/menu.ts")));
    const outside = ["/../menu.ts", "/%2e%2e/menu.ts", "/..%2fmenu.ts", "/..%5cmenu.ts"];
    for (const path of ["", "/", ...outside, "/.env", "/pico.js", "/%00"]) {
      const { status } = await visit(`/assets${path}`);
      assert.ok([400, 404].includes(status), `${path}: ${status}`);
    }
  });

  it("are all that pages load", async () => {
    for (const path of ["/", "/contacts", "/contacts/new", "/profile", "/nowhere"]) {
      const { body } = await browser.request(`${stack.url}${path}`);
      const sources = [...body.matchAll(/<(?:link|img|script)[^>]+(?:href|src)="([^"]+)"/g)].map(
        ([, source]) => source,
      );
      assert.ok(sources.length > 0);
      for (const source of sources) assert.equal((await visit(source ?? "")).status, 200, source);
      assert.doesNotMatch(body, /<script|<style|\sstyle="|\son\w+="/);
    }
  });
});
