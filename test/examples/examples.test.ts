import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instructionsIn, startExample } from "../support/middleware/examples.js";
import { projectPath } from "../support/paths.js";

const examples = readdirSync(projectPath("examples"), { withFileTypes: true }).filter((entry) => entry.isDirectory());

describe("each example, started in a clean folder as its README says", function () {
  this.timeout(300_000);
  let clean: string;

  before(async () => {
    clean = await mkdtemp(join(tmpdir(), "gatehouse-examples-"));
    const files = ["app", "middleware", "examples", "views", "policies", "package.json"];
    const configs = ["tsconfig.json", "tsconfig.build.json"];
    for (const path of [...files, ...configs]) await cp(projectPath(path), join(clean, path), { recursive: true });
    await symlink(projectPath("node_modules"), join(clean, "node_modules"));
  });

  after(() => rm(clean, { recursive: true }));

  it("there are five, each of at most 60 lines and with its policy", async () => {
    assert.equal(examples.length, 5);
    for (const { name } of examples) {
      const files = readdirSync(projectPath(`examples/${name}`));
      const app = files.find((file) => /^app\.(js|ts)$/.test(file));
      assert(app, name);
      const lines = (await readFile(projectPath(`examples/${name}/${app}`), "utf8")).split("\n").length - 1;
      assert(lines <= 60, `${name} has ${lines} lines`);
      assert.match(readdirSync(projectPath(`examples/${name}/policies`)).join(), /^(invoice|contact)\.yaml$/);
    }
  });

  for (const { name } of examples) {
    it(`${name}: answers as its README says, 200 to those who may and 403 to those who may not`, async () => {
      const folder = join(clean, "examples", name);
      const { start, requests } = instructionsIn(await readFile(join(folder, "README.md"), "utf8"));
      const statuses = new Set(requests.map(({ status }) => status));
      assert(statuses.has(200) && statuses.has(403) && statuses.has(401), [...statuses].join());
      const { url, stop } = await startExample(folder, start);
      try {
        for (const { method, user, path, status } of requests) {
          const response = await fetch(url + path, { method, headers: user ? { "x-user": user } : {} });
          assert.equal(response.status, status, `${method} ${path} as ${user}: ${await response.text()}`);
        }
        if (name === "filtered-list") assert.deepEqual(await idsOf(url), { ann: ["1", "3"], mia: ["1", "2"] });
        if (name === "own-sink") await assertRecorded(join(folder, "decisions.tsv"), requests.length);
      } finally {
        await stop();
      }
    });
  }
});

/** Which invoices the list shows to whom. */
async function idsOf(url: string): Promise<Record<string, readonly string[]>> {
  const shown = ["ann", "mia"].map(async (user) => {
    const rows = (await (await fetch(`${url}/invoices`, { headers: { "x-user": user } })).json()) as { id: string }[];
    return [user, rows.map(({ id }) => id)] as const;
  });
  return Object.fromEntries(await Promise.all(shown));
}

/** The sink's file has a line for each request, the rule that allowed it included. */
async function assertRecorded(file: string, requests: number): Promise<void> {
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  assert.equal(lines.length, requests);
  assert.match(lines[0] ?? "", /\tallow\tann\tread\tinvoice 1\town-invoices$/);
  assert.match(lines[1] ?? "", /\tdeny\tann\tread\tinvoice 2\t$/);
}
