import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { settingNames } from "../../app/config.js";
import { environment } from "../../app/environment.js";
import { projectPath } from "../support/paths.js";

const read = (file: string) => readFileSync(projectPath(file), "utf8");

const folders = [".", "docs", "docs/adr", "middleware", "middleware/docs"];
const pages = folders.flatMap((folder) =>
  readdirSync(projectPath(folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);

/** A page without its fenced blocks, in which nothing is a link. */
const proseOf = (page: string) => read(page).replace(/^```[\s\S]*?^```$/gm, "");

/** The places of a page that a link can lead to, as GitHub names them. */
function anchorsOf(page: string): string[] {
  const headings = [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading ?? "");
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** What is wrong with a relative link; `undefined` when it leads somewhere. */
function brokenLink(page: string, link: string): string | undefined {
  const [path = "", anchor] = link.split("#");
  const target = path ? join(dirname(page), path) : page;
  if (!existsSync(projectPath(target))) return `${page}: ${link} is not there`;
  if (anchor === undefined || statSync(projectPath(target)).isDirectory()) return undefined;
  return anchorsOf(target).includes(anchor) ? undefined : `${page}: ${link} names no heading`;
}

/** The relative links of a page, those of its pictures included. */
function linksOf(page: string): string[] {
  const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)].map(([, a, b]) => a ?? b ?? "");
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

describe("the documentation", () => {
  it("has no link to a file or heading that is not there", () => {
    const broken = pages.flatMap((page) => linksOf(page).map((link) => brokenLink(page, link)));
    assert(broken.length > 50, "hardly any links were found");
    assert.deepEqual(
      broken.filter((each) => each !== undefined),
      [],
    );
  });

  it("of the middleware has no link out of its folder, which people copy alone", () => {
    const targets = pages
      .filter((page) => page.startsWith("middleware/"))
      .flatMap((page) => linksOf(page).map((link) => ({ page, link, target: join(dirname(page), link) })));
    assert(targets.length > 20, "hardly any links were found");
    assert.deepEqual(
      targets.filter(({ target }) => !target.startsWith("middleware/")),
      [],
    );
  });

  it("names files and folders of the code that are there", () => {
    const place = /`((?:app|middleware|test|bench|examples|scripts|policies|pdp|views|\.ci)\/[\w./-]*)`/g;
    const named = pages
      .filter((page) => !page.endsWith("CHANGELOG.md"))
      .flatMap((page) => [...read(page).matchAll(place)].map(([, path]) => ({ page, path: path ?? "" })));
    assert(named.length > 50, "hardly any places were found");
    assert.deepEqual(
      named.filter(({ path }) => !existsSync(projectPath(path))),
      [],
    );
  });

  it("shows every folder of the project in the picture of the architecture", () => {
    const picture = /^middleware\/ [\s\S]*?^```$/m.exec(read("docs/architecture.md"))?.[0] ?? "";
    const shown = new Set([...picture.matchAll(/([\w-]+)\//g)].map(([, name]) => name));
    const ignored = new Set(read(".gitignore").match(/[\w-]+(?=\/?$)/gm));
    const there = [".", "app", "middleware", "test"].flatMap((parent) =>
      readdirSync(projectPath(parent), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !ignored.has(entry.name))
        .map(({ name }) => name),
    );
    assert(there.length > 20, "hardly any folders were found");
    assert.deepEqual(
      there.filter((name) => !shown.has(name)),
      [],
    );
  });

  it("states the limits of sizes that the check has", () => {
    const limit = (name: string) => new RegExp(`const ${name} = (\\d+);`).exec(read("scripts/check-sizes.ts"))?.[1];
    const stated = /at most (\d+) source files[^.]*\. A source file has at most (\d+) lines/.exec(
      read("docs/architecture.md"),
    );
    assert.deepEqual(stated?.slice(1), [limit("MAX_FILES"), limit("MAX_LINES")]);
  });

  it("shows only scripts that package.json has", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const shown = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name),
    );
    assert.deepEqual([...new Set(shown)].filter((name) => !Object.hasOwn(scripts, name ?? "")).toSorted(), []);
  });

  it("lists every setting, and no other", () => {
    const rows = read("docs/configuration.md").split("## All settings")[1]?.split("\n## ")[0] ?? "";
    const named = [...rows.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, names]) => names?.match(/\w+/g) ?? []);
    assert.deepEqual(named.toSorted(), settingNames.toSorted());
  });

  it("names only settings that there are, and their defaults as they are", () => {
    const families = new Set(settingNames.map((name) => name.split("_")[0]));
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/`([A-Z]+_[A-Z_]+)`(?: \((\d+)\))?/g)].map(([, name = "", value]) => ({
        page,
        name,
        value,
      })),
    );
    // Of Okta's groups, and of tests.
    const others = ["OKTA_GROUP", "APP_GROUP", "NODE_EXTRA_CA_CERTS"];
    const unknown = named.filter(
      ({ name }) => families.has(name.split("_")[0]) && ![...settingNames, ...others].includes(name),
    );
    assert.deepEqual(unknown, []);
    const defaults = environment.parse({}) as Record<string, unknown>;
    const told = named.filter(({ value }) => value !== undefined);
    assert(told.length > 1, "hardly any defaults were found");
    assert.deepEqual(
      told.filter(({ name, value }) => String(defaults[name]) !== value),
      [],
    );
  });

  it("lists every decision record in their index", () => {
    const index = read("docs/adr/README.md");
    const records = readdirSync(projectPath("docs/adr")).filter((name) => /^\d{4}-.+\.md$/.test(name));
    assert.deepEqual(
      records.filter((name) => !index.includes(`(${name})`)),
      [],
    );
    assert(records.length > 0);
  });

  it("begins with pages that can be read at a first visit", () => {
    const lines = (page: string) => read(page).split("\n").length - 1;
    assert(lines("README.md") < 150, `README.md has ${lines("README.md")} lines`);
    assert(lines("middleware/README.md") < 200, `middleware/README.md has ${lines("middleware/README.md")} lines`);
  });
});
