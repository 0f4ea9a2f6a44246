import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import request from "supertest";
import { createContact } from "../../../support/contacts/contacts.js";
import { pageIn } from "../../../support/http/page.js";
import { UserAgent } from "../../../support/http/user-agent.js";
import { projectPath } from "../../../support/paths.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

const assets = projectPath("app/web/public");
const folder = `${assets}/styles`;
const entry = readFileSync(`${assets}/gatehouse.css`, "utf8");

const parts = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".css"));

const MAX_LINES = 400;

const html = { Accept: "text/html" };

describe("the style sheet", () => {
  const { stack, alice, uma, nina, stranger } = useSharedStack();

  it("is linked once on each page, and is one answer with all of its files in their layers", async () => {
    const contact = await createContact(uma);
    const own = `/contacts/${contact.id}`;
    const decision = /data-decision="([^"]+)"/.exec(pageIn(await alice.get("/audit", html)))?.[1];
    assert(decision, "no decision in the log");
    const pages = [
      [stranger, 200, ["/"]],
      [stranger, 404, ["/nothing-here"]],
      [nina, 200, ["/"]],
      [nina, 403, ["/contacts"]],
      [uma, 200, ["/", "/contacts", "/contacts/new", "/profile"]],
      [uma, 200, [own, `${own}/edit`, `${own}/share`, `${own}/transfer`, `${own}/delete`]],
      [uma, 400, ["/contacts?limit=0"]],
      [uma, 404, ["/nothing-here"]],
      [alice, 200, ["/audit", decision]],
    ] as const;
    const addresses = new Set<string>();
    for (const [client, status, paths] of pages) {
      for (const path of paths) {
        const page = pageIn(await client.get(path, html), status);
        const links = [...page.matchAll(/<link rel="stylesheet" href="([^"]*)">/g)].map(([, href = ""]) => href);
        assert.equal(links.length, 1, path);
        addresses.add(links[0] ?? "");
      }
    }
    assert.equal((await uma.delete(own)).status, 204);
    // One address for this content, so that a browser does not show a new page by the style sheet that it has kept.
    const [address = "", ...others] = addresses;
    assert.match(address, /^\/assets\/gatehouse\.css\?v=[\w-]{16}$/);
    assert.deepEqual(others, []);
    const { status, headers, body } = await new UserAgent().get(`${stack.url}${address}`);
    assert.equal(status, 200);
    assert.match(headers.get("content-type") ?? "", /^text\/css/);
    assert.equal(headers.get("cache-control"), "public, max-age=3600");
    assert.doesNotMatch(body, /@import/);
    const file = (name: string) => readFileSync(`${folder}/${name}`, "utf8").trim();
    for (const name of parts) assert(body.includes(file(name)), name);
    assert.equal(body.match(/^@layer (\w+) \{$/gm)?.length, parts.length + 1, "a block for each file, and Pico");
  });

  it("is not sent again to a browser that has it", async () => {
    const first = await request(stack.url).get("/assets/gatehouse.css");
    assert.match(first.headers.etag ?? "", /^"[\w-]+"$/);
    const again = await request(stack.url)
      .get("/assets/gatehouse.css")
      .set("If-None-Match", first.headers.etag ?? "");
    assert.equal(again.status, 304);
  });

  it("imports files that are served by themselves too", async () => {
    const addresses = [...entry.matchAll(/^@import "(.+)" layer/gm)].map(([, address]) => address);
    assert(addresses.length > 1);
    for (const address of addresses) {
      const { status, headers } = await new UserAgent().get(`${stack.url}/assets/${address}`);
      assert.equal(status, 200, address);
      assert.match(headers.get("content-type") ?? "", /^text\/css/, address);
    }
  });

  it("imports every file of its folder, each in a layer that is declared", () => {
    const layers = /^@layer (.+);$/m.exec(entry)?.[1]?.split(", ");
    const imports = [...entry.matchAll(/^@import "(.+)" layer\((.+)\);$/gm)];
    assert.deepEqual(
      imports.map(([, address]) => address).toSorted(),
      ["pico.min.css", ...parts.map((name) => `styles/${name}`)].toSorted(),
    );
    for (const [, address, layer = ""] of imports) assert(layers?.includes(layer), `${address} in ${layer}`);
  });

  it(`and all else that is served is in files of at most ${MAX_LINES} lines`, () => {
    const paths = readdirSync(assets, { recursive: true, encoding: "utf8" }).map((name) => `${assets}/${name}`);
    const files = paths.filter((path) => statSync(path).isFile());
    assert(files.includes(`${folder}/tokens.css`));
    for (const path of files) assert(readFileSync(path, "utf8").split("\n").length - 1 <= MAX_LINES, path);
  });
});
