import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { UserAgent } from "../../../support/http/user-agent.js";
import { projectPath } from "../../../support/paths.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

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

  describe("answer requests for a part, or under a condition", () => {
    const files = ["gatehouse.css", "pico.min.css", "favicon.svg", "watch.js", "shortcuts.js"];
    const long = "Mon, 01 Jan 1990 00:00:00 GMT";

    /** Not by `fetch`, which adds `Cache-Control: no-cache` to conditions. */
    async function ask(file: string, headers: Record<string, string>) {
      const sent = get(`${stack.url}/assets/${file}`, { headers });
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      const { statusCode: status, headers: got } = answer;
      return { status, headers: got, body: await text(answer), etag: got.etag ?? "", range: got["content-range"] };
    }

    it("304 and 412: what the client has, and what it asks for", async () => {
      for (const file of files) {
        const { etag, headers, body } = await ask(file, {});
        assert.match(etag, /^(W\/)?".+"$/, file);
        const modified = headers["last-modified"] ?? "";
        assert(Date.parse(modified) > 0, file);
        for (const condition of [
          { "If-None-Match": etag },
          { "If-None-Match": "*" },
          { "If-Modified-Since": modified },
        ]) {
          assert.equal((await ask(file, condition)).status, 304, `${file} ${JSON.stringify(condition)}`);
        }
        const met = [{ "If-Match": etag }, { "If-Match": `"x", ${etag}` }, { "If-Match": "*" }];
        for (const condition of [...met, { "If-Unmodified-Since": modified }, { "If-Unmodified-Since": "nonsense" }]) {
          const { status, body: sent } = await ask(file, condition);
          assert.deepEqual([status, sent], [200, body], `${file} ${JSON.stringify(condition)}`);
        }
        for (const condition of [{ "If-Match": '"other"' }, { "If-Unmodified-Since": long }, { "If-Match": "x" }]) {
          const refused = await ask(file, condition);
          assert.equal(refused.status, 412, `${file} ${JSON.stringify(condition)}`);
          assert.match(refused.body, /Precondition failed/);
          assert.equal(refused.headers["cache-control"], "no-store");
          assert.equal(refused.etag, "");
        }
      }
    });

    it("206 and 416: a part that there is, and one that there is not", async () => {
      for (const file of files) {
        const { body, etag } = await ask(file, {});
        const size = Buffer.byteLength(body);
        for (const [asked, part, range] of [
          ["bytes=0-9", body.slice(0, 10), `bytes 0-9/${size}`],
          ["bytes=-5", body.slice(-5), `bytes ${size - 5}-${size - 1}/${size}`],
          [`bytes=5-${size * 2}`, body.slice(5), `bytes 5-${size - 1}/${size}`],
        ] as const) {
          const answer = await ask(file, { Range: asked });
          assert.deepEqual([answer.status, answer.body, answer.range], [206, part, range], `${file} ${asked}`);
        }
        for (const asked of [`bytes=${size}-`, "bytes=9-0", "bytes=-0"]) {
          const refused = await ask(file, { Range: asked });
          assert.deepEqual([refused.status, refused.range], [416, `bytes */${size}`], `${file} ${asked}`);
          assert.match(refused.body, /Range not satisfiable/);
        }
        for (const headers of [
          { Range: "items=0-1" },
          { Range: "bytes" },
          { Range: "bytes=x-y" },
          { Range: "bytes=0-1,5-6" },
          { Range: "bytes=0-9", "If-Range": '"other"' },
        ]) {
          const whole = await ask(file, headers);
          assert.deepEqual([whole.status, whole.body], [200, body], `${file} ${JSON.stringify(headers)}`);
        }
        const kept = await ask(file, { Range: "bytes=0-9", "If-Range": etag });
        assert.equal(kept.status, etag.startsWith("W/") ? kept.status : 206, file);
      }
    });
  });

  it("are all that pages load", async () => {
    for (const path of ["/", "/contacts", "/contacts/new", "/profile", "/nowhere"]) {
      const { body } = await browser.request(`${stack.url}${path}`);
      const sources = [...body.matchAll(/<(?:link|img|script)[^>]+(?:href|src)="([^"]+)"/g)].map(
        ([, source]) => source,
      );
      assert.ok(sources.length > 0);
      for (const source of sources) assert.equal((await visit(source ?? "")).status, 200, source);
      assert.doesNotMatch(body, /<script(?! src=)|<style|\sstyle="|\son\w+="/);
    }
  });
});
