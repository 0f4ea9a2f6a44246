import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import request from "supertest";
import { UserAgent } from "../../support/http/user-agent.js";
import { projectPath } from "../../support/paths.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

const folder = projectPath("app/web/public/styles");
const entry = readFileSync(projectPath("app/web/public/gatehouse.css"), "utf8");

describe("the style sheet", () => {
  const { stack } = useSharedStack();

  it("is linked once on each page, and is one answer with all of its files in their layers", async () => {
    const uma = await stack.login("uma@example.com");
    const pages = ["/", "/contacts", "/contacts/new", "/profile", "/nothing-here"];
    for (const path of pages) {
      const { body } = await uma.get(`${stack.url}${path}`);
      assert.deepEqual(body.match(/<link rel="stylesheet"[^>]*>/g), [
        '<link rel="stylesheet" href="/assets/gatehouse.css">',
      ]);
    }
    const { status, headers, body } = await new UserAgent().get(`${stack.url}/assets/gatehouse.css`);
    assert.equal(status, 200);
    assert.match(headers.get("content-type") ?? "", /^text\/css/);
    assert.equal(headers.get("cache-control"), "public, max-age=3600");
    assert.doesNotMatch(body, /@import/);
    const file = (name: string) => readFileSync(`${folder}/${name}`, "utf8").trim();
    for (const name of readdirSync(folder)) assert(body.includes(file(name)), name);
    assert.equal(
      body.match(/^@layer (\w+) \{$/gm)?.length,
      readdirSync(folder).length + 1,
      "a block for each file, and Pico",
    );
  });

  it("is not sent again to a browser that has it", async () => {
    const first = await request(stack.url).get("/assets/gatehouse.css");
    assert.match(first.headers.etag ?? "", /^"[\w-]+"$/);
    const again = await request(stack.url)
      .get("/assets/gatehouse.css")
      .set("If-None-Match", first.headers.etag ?? "");
    assert.equal(again.status, 304);
  });

  it("imports every file of its folder, each in a layer that is declared", () => {
    const layers = /^@layer (.+);$/m.exec(entry)?.[1]?.split(", ");
    const imports = [...entry.matchAll(/^@import "(.+)" layer\((.+)\);$/gm)];
    assert.deepEqual(
      imports.map(([, address]) => address).toSorted(),
      ["pico.min.css", ...readdirSync(folder).map((name) => `styles/${name}`)].toSorted(),
    );
    for (const [, address, layer = ""] of imports) assert(layers?.includes(layer), `${address} in ${layer}`);
  });
});
