import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../support/network/free-port.js";
import { projectPath } from "../support/paths.js";
import { cleanEnvironment } from "../support/stack/stack.js";

const examples = readdirSync(projectPath("examples"), { withFileTypes: true }).filter((entry) => entry.isDirectory());

/** What a README says: the lines that start the app, and requests with the status that each is answered with. */
interface Instructions {
  readonly start: string;
  readonly requests: readonly { method: string; user: string | undefined; path: string; status: number }[];
}

async function instructionsIn(readme: string): Promise<Instructions> {
  const [start = "", curls = ""] = [...(await readFile(readme, "utf8")).matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(
    ([, lines]) => lines,
  );
  const requests = [...curls.matchAll(/^curl (.*?)http:\/\/localhost:3000(\S+)\s+# (\d{3})/gm)].map(
    ([, options = "", path = "", status]) => ({
      method: /-X (\w+)/.exec(options)?.[1] ?? "GET",
      user: /"x-user: (\w+)"/.exec(options)?.[1],
      path,
      status: Number(status),
    }),
  );
  return { start, requests };
}

/** Runs a README's lines in a shell, and waits until the app says where it listens. */
async function startExample(folder: string, start: string): Promise<{ url: string; stop(): Promise<void> }> {
  const env = { ...cleanEnvironment(), PORT: String(await freePort()) };
  // In a process group of its own, so that npm, the PDP and the app end together.
  const shell: ChildProcess = spawn("sh", ["-c", start], { cwd: folder, env, detached: true });
  const ended = once(shell, "exit");
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      output += chunk;
      const found = /http:\/\/localhost:\d+/.exec(output)?.[0];
      if (found) resolve(found);
    };
    shell.stdout?.on("data", onData);
    shell.stderr?.on("data", onData);
    ended.then(() => reject(new Error(`the example ended:\n${output}`)));
  });
  const stop = async () => {
    process.kill(-(shell.pid as number), "SIGTERM");
    await ended;
  };
  return { url, stop };
}

describe("each example, started in a clean folder as its README says", function () {
  this.timeout(120_000);
  let clean: string;

  before(async () => {
    clean = await mkdtemp(join(tmpdir(), "gatehouse-examples-"));
    const files = ["app", "middleware", "examples", "views", "policies", "package.json"];
    const configs = ["tsconfig.json", "tsconfig.build.json"];
    for (const path of [...files, ...configs]) await cp(projectPath(path), join(clean, path), { recursive: true });
    await symlink(projectPath("node_modules"), join(clean, "node_modules"));
  });

  after(() => rm(clean, { recursive: true }));

  it("there are four, each of at most 60 lines and with its policy", async () => {
    assert.equal(examples.length, 4);
    for (const { name } of examples) {
      const files = readdirSync(projectPath(`examples/${name}`));
      const app = files.find((file) => /^app\.(js|ts)$/.test(file));
      assert(app, name);
      const lines = (await readFile(projectPath(`examples/${name}/${app}`), "utf8")).split("\n").length - 1;
      assert(lines <= 60, `${name} has ${lines} lines`);
      assert.deepEqual(readdirSync(projectPath(`examples/${name}/policies`)), ["invoice.yaml"]);
    }
  });

  for (const { name } of examples) {
    it(`${name}: answers as its README says, 200 to those who may and 403 to those who may not`, async () => {
      const folder = join(clean, "examples", name);
      const { start, requests } = await instructionsIn(join(folder, "README.md"));
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
