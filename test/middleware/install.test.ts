import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "mocha";
import { type ChildPdp, startPdp } from "../../app/demo/pdp/start-pdp.js";
import { projectPath } from "../support/paths.js";

/*
 * Does what the README and the pages of middleware/ tell an engineer to do, with the commands and the code that stand
 * there, in apps that know nothing of this repository. A sample of code begins with a comment that names its file.
 */

const START_LIMIT = 60_000;

interface Run {
  readonly code: number | null;
  readonly output: string;
}

/** This process's environment without what npm adds to it when it runs a script: that would lead npm back here. */
function environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NODE_V8_COVERAGE: _coverage, NODE_ENV: _mode, ...env } = process.env;
  const kept = Object.entries(env).filter(
    ([name]) => !/^npm_/i.test(name) || /^npm_config_(registry|cache|userconfig)$/i.test(name),
  );
  return { ...Object.fromEntries(kept), ...extra };
}

async function run(command: string, cwd: string): Promise<Run> {
  const child = spawn("sh", ["-c", command], { cwd, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, output: `${command}\n${stdout}${stderr}` };
}

async function succeed(command: string, cwd: string): Promise<void> {
  const { code, output } = await run(command, cwd);
  assert.equal(code, 0, output);
}

/** A place for an app. Its real path, as npm and Node.js see it. */
async function scratchFolder(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), "gatehouse-scratch-")));
}

/** The pages that show samples: those of the middleware, and the project's README. */
async function pages(): Promise<string> {
  const folder = projectPath("middleware/docs");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".md"));
  const files = [
    projectPath("README.md"),
    projectPath("middleware/README.md"),
    ...names.map((name) => join(folder, name)),
  ];
  return (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
}

/** Their fenced blocks of some languages; default: of all. */
async function blocks(languages = "\\w+"): Promise<readonly string[]> {
  const fenced = new RegExp(`^\`\`\`(?:${languages})\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...(await pages()).matchAll(fenced)].map(([, code]) => code ?? "");
}

/** The block whose first line is this comment. */
async function blockThatBegins(firstLine: string): Promise<string> {
  const found = (await blocks()).filter((block) => block.startsWith(`${firstLine}\n`));
  assert.equal(found.length, 1, `blocks that begin with ${firstLine}`);
  return found[0] ?? "";
}

/** The samples by the names of their files. Only a single line may stand without a name. */
async function samples(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const block of await blocks("ts|js")) {
    if (!block.trimEnd().includes("\n")) continue;
    const name = /^\/\/ ([\w.-]+\.[jt]s)\n/.exec(block)?.[1];
    assert(name && !found.has(name), `a sample without a name of its own: ${block}`);
    found.set(name, block);
  }
  return found;
}

/** Writes every sample in a language into a folder, among them those that the app consists of. */
async function writeSamples(extension: ".js" | ".ts", folder: string, ...names: string[]): Promise<void> {
  const found = [...(await samples())].filter(([name]) => name.endsWith(extension));
  for (const name of names) assert(Object.fromEntries(found)[name], `the sample ${name} is gone`);
  for (const [name, code] of found) await writeFile(join(folder, name), code);
}

/** Installs what the README says, or skips the test where no registry can be reached. */
async function install(test: Context, expressVersion: 4 | 5, folder: string): Promise<void> {
  const commands = (await blockThatBegins(`# Express ${expressVersion}`)).split("\n").slice(1, -1);
  assert(commands.length === 2 && commands.every((command) => command.startsWith("npm install ")), String(commands));
  for (const command of commands) {
    const { code, output } = await run(`${command} --prefer-offline --no-audit --no-fund`, folder);
    const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(output);
    if (code !== 0 && offline && !process.env.CI) {
      console.log(`        skipped: the npm registry cannot be reached\n${output}`);
      test.skip();
    }
    assert.equal(code, 0, output);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert(address && typeof address === "object");
  server.close();
  await once(server, "close");
  return address.port;
}

/** The README's app, running. */
class RunningApp {
  readonly #child: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
  }

  static async start(script: string, cwd: string, pdp: ChildPdp): Promise<RunningApp> {
    const port = await freePort();
    const env = environment({ PORT: String(port), CERBOS_HOSTNAME: pdp.target });
    const child = spawn(process.execPath, [script], { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
    const app = new RunningApp(child, `http://127.0.0.1:${port}`);
    const limit = performance.now() + START_LIMIT;
    while ((await app.status("GET", "/contacts").catch(() => undefined)) === undefined) {
      assert(child.exitCode === null && performance.now() < limit, "the app does not answer");
      await sleep(50);
    }
    return app;
  }

  async fetch(method: string, path: string, user?: string): Promise<Response> {
    return fetch(this.#url + path, { method, headers: user ? { "X-User": user } : {} });
  }

  async status(method: string, path: string, user?: string): Promise<number> {
    const response = await this.fetch(method, path, user);
    await response.arrayBuffer();
    return response.status;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill();
    await once(this.#child, "exit");
  }
}

/** Every outcome over HTTP, against a PDP with policies for the samples' contacts and notes. */
async function assertGuarded(
  script: string,
  folder: string,
  more: (app: RunningApp) => Promise<void> = async () => {},
): Promise<void> {
  const pdp = await startPdp({
    policies: projectPath("test/support/middleware/policies"),
    config: projectPath("pdp/pdp.yaml"),
    log: () => {},
  });
  let app: RunningApp | undefined;
  try {
    app = await RunningApp.start(script, folder, pdp);
    assert.equal(await app.status("GET", "/contacts", "uma"), 200);
    assert.equal(await app.status("GET", "/contacts"), 401);
    assert.equal(await app.status("DELETE", "/contacts/1"), 401);
    assert.equal(await app.status("DELETE", "/contacts/2", "uma"), 404);
    assert.equal(await app.status("DELETE", "/contacts/1", "omar"), 403);
    assert.equal(await app.status("DELETE", "/contacts/1", "uma"), 204);
    assert.equal(await app.status("DELETE", "/contacts/1", "uma"), 404);
    await more(app);
    await pdp.stop();
    const refused = await app.fetch("GET", "/contacts", "uma");
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get("content-type") ?? "", /^application\/problem\+json/);
    assert.equal(((await refused.json()) as { code: string }).code, "pdp_unavailable");
  } finally {
    await app?.stop();
    await pdp.stop();
  }
}

/** The database of an app with notes: PGlite, which stands in for a Pool of pg. */
const notesDb = `import { PGlite } from "@electric-sql/pglite";

export const db = await PGlite.create();
await db.exec(\`
  create table notes (id integer primary key, title text not null, owner_id text not null, published boolean not null);
  create table note_readers (note_id integer not null references notes, user_id text not null);
  insert into notes values
    (1, 'a of uma', 'uma', false), (2, 'a of omar, published', 'omar', true), (3, 'b of omar', 'omar', false),
    (4, 'b of omar, for uma and ann', 'omar', false), (5, 'c of odd', $quote$o'dd") --$quote$, false);
  insert into note_readers values (4, 'uma'), (4, 'ann');
\`);
`;

const notesDbTypes = `export declare const db: { query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> };
`;

/** What the sample of the project's README leaves to the reader. */
const yourTypes = `import type { Request, RequestHandler } from "express";
import type { Principal, Resource } from "./middleware/index.js";
export declare const contactById: (req: Request) => Promise<Resource | undefined>;
export declare const showContact: RequestHandler;
export declare const whoIsLoggedIn: (req: Request) => Principal | null;
`;

/** The README's app with the notes of the page about lists. */
const notesServer = `import { app } from "./app.js";
import { authorizationErrors } from "./middleware/index.js";
import { notes } from "./notes.js";

app.use(notes, authorizationErrors());
app.listen(Number(process.env.PORT));
`;

/** Each person's list is what the policy says, within what was searched for. */
async function assertListed(app: RunningApp): Promise<void> {
  const titles = async (query: string, user: string) => {
    const response = await app.fetch("GET", `/notes${query}`, user);
    assert.equal(response.status, 200, await response.clone().text());
    return ((await response.json()) as { title: string }[]).map(({ title }) => title);
  };
  assert.deepEqual(await titles("", "uma"), ["a of omar, published", "a of uma", "b of omar, for uma and ann"]);
  assert.deepEqual(await titles("?begins=b", "uma"), ["b of omar, for uma and ann"]);
  assert.deepEqual(await titles("?begins=b", "omar"), ["b of omar", "b of omar, for uma and ann"]);
  assert.deepEqual(await titles("", "nina"), ["a of omar, published"]);
  assert.deepEqual(await titles("?begins=b", "nina"), []);
  assert.deepEqual(await titles("", `o'dd") --`), ["a of omar, published", "c of odd"]);
  assert.equal(await app.status("GET", "/notes"), 401);
}

describe("the middleware in an app of somebody else's", function () {
  this.timeout(300_000);
  let folder: string;

  beforeEach(async () => {
    folder = await scratchFolder();
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("with Express 5, in TypeScript", async function () {
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    await install(this, 5, folder);
    const src = join(folder, "src");
    await cp(projectPath("middleware"), join(src, "middleware"), { recursive: true });
    // The strictest settings, so that no app has stricter ones.
    const compilerOptions = {
      module: "nodenext",
      target: "es2022",
      rootDir: "src",
      outDir: "dist",
      noEmitOnError: true,
      types: ["node"],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noImplicitOverride: true,
      noImplicitReturns: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      isolatedModules: true,
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
    await writeSamples(".ts", src, "app.ts", "opa.ts", "notes.ts", "recorded.ts");
    for (const name of ["server", "routes.test"]) {
      await writeFile(join(src, `${name}.ts`), await blockThatBegins(`// ${name}.js`));
    }

    await writeFile(join(src, "yours.d.ts"), yourTypes);
    // The types of PGlite do not bear the strictest settings.
    await writeFile(join(src, "db.d.ts"), notesDbTypes);
    await mkdir(join(folder, "dist"));
    await writeFile(join(folder, "dist", "db.js"), notesDb);
    await writeFile(join(src, "notes-server.ts"), notesServer);
    // Not what the README asks for, so it is not installed.
    await mkdir(join(folder, "node_modules", "@electric-sql"), { recursive: true });
    await symlink(
      projectPath("node_modules/@electric-sql/pglite"),
      join(folder, "node_modules", "@electric-sql", "pglite"),
    );

    await succeed("npx --no-install tsc", folder);
    await succeed(`"${process.execPath}" --test dist/routes.test.js`, folder);
    await assertGuarded("dist/server.js", folder);
    await assertGuarded("dist/notes-server.js", folder, assertListed);

    await writeFile(join(src, "wrong.ts"), misuse);
    await assertTypesAreSeen(folder);
  });

  it("with Express 4, in plain JavaScript", async function () {
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    await install(this, 4, folder);
    const copying = (await blocks()).find((block) => block.includes("npm run build"))?.split("\n") ?? [];
    assert.deepEqual(copying, ["npm ci", "npm run build", "cp -R dist/middleware ../your-app/middleware", ""]);
    await succeed("npm run build", projectPath("."));
    await succeed(`cp -R dist/middleware "${folder}/middleware"`, projectPath("."));
    const compilerOptions = {
      module: "nodenext",
      target: "es2022",
      types: ["node"],
      allowJs: true,
      checkJs: true,
      noEmit: true,
      strict: true,
    };
    const exclude = ["node_modules", "middleware"];
    assert((await pages()).includes(`"exclude": ["node_modules", "middleware"]`));
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, exclude }));
    await writeSamples(".js", folder, "app.js", "server.js", "routes.test.js");

    await succeed("npx --no-install tsc --noEmit", folder);
    await succeed(`"${process.execPath}" --test routes.test.js approvals.test.js`, folder);
    await assertGuarded("server.js", folder);

    await writeFile(join(folder, "wrong.js"), misuse);
    await assertTypesAreSeen(folder);

    // As a CommonJS app has it.
    const old = join(folder, "old");
    await mkdir(old);
    await cp(join(folder, "middleware"), join(old, "middleware"), { recursive: true });
    await writeFile(join(old, "package.json"), "{}");
    await writeFile(
      join(old, "main.js"),
      'process.exitCode = typeof require("./middleware/index.js").authorize === "function" ? 0 : 1;',
    );
    await succeed(`"${process.execPath}" main.js`, old);
  });
});

/** Three faults that the types must see, each in a line of its own. */
const misuse = `import { app } from "./app.js";
import { authorize } from "./middleware/index.js";
authorize("contact");
authorize("contact", "read", { resource: () => ({ name: "without an id" }) });
app.get("/", (req) => req.authz.nothing);
`;

/** Types that are not found at all would let everything pass. */
async function assertTypesAreSeen(folder: string): Promise<void> {
  const { code, output } = await run("npx --no-install tsc --noEmit --pretty false", folder);
  assert.notEqual(code, 0, output);
  const lines = [...output.matchAll(/wrong\.[jt]s\((\d+),/g)].map(([, line]) => Number(line));
  assert.deepEqual([...new Set(lines)], [3, 4, 5], output);
}
