import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../network/free-port.js";
import { projectPath } from "../paths.js";
import { blockThatBegins, writePageSamples } from "./documentation.js";
import { succeed } from "./scratch-app.js";

/** How often the app looks whether logins hold, in place of what the page says. */
const HEARTBEAT_MS = 300;

/** What the page leaves to the reader, and what lets a test act on what is the app's own. */
const MAIN = `import express from "express";
import { authorizer } from "./authorizer.js";
import { graphql } from "./graphql.js";
import { deleteInvoices } from "./job.js";
import "./live-server.js";
import { logins } from "./logins.js";
import { rooms } from "./rooms.js";

/** The ids of the calls that the last request made. */
let calls: string[] = [];
const app = express();
app.use(authorizer, (req, res, next) => {
  res.on("finish", () => {
    calls = [...new Set(req.authz.decisions.map(({ callId }) => callId))];
  });
  next();
}, graphql);
app.listen(Number(process.env.GRAPHQL_PORT));

const acts: Record<string, (...args: never[]) => unknown> = {
  logIn: (session: string, id: string, roles: string[], endsAt: number) => {
    logins.set(session, { principal: { id, roles }, endsAt });
  },
  say: (room: string, texts: string[]) => {
    for (const text of texts) rooms.emit(\`room:\${room}\`, text);
  },
  deleteInvoices,
  calls: () => calls.length,
  listeners: (room: string) => rooms.listenerCount(\`room:\${room}\`),
};
// Also when the test is killed.
process.on("disconnect", () => process.exit());
process.on("message", async ({ name, args }: { name: string; args: never[] }) => {
  try {
    process.send?.({ result: await acts[name]?.(...args) });
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
`;

const DB = `import pg from "pg";

const pool: { query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> } = new pg.Pool({
  connectionString: process.env.DATABASE_URL as string,
});
export const db = pool;
`;

/** The app of the samples about GraphQL, long connections and jobs, compiled and running. */
export class RecipeApp {
  readonly #child: ChildProcess;
  readonly port: number;
  readonly graphqlPort: number;
  /** Sent by the pages that it serves. */
  readonly origin = "https://app.example.com";

  private constructor(child: ChildProcess, port: number, graphqlPort: number) {
    this.#child = child;
    this.port = port;
    this.graphqlPort = graphqlPort;
  }

  /** Compiles the samples in a folder with the strictest settings, and starts them. */
  static async start(folder: string, env: { CERBOS_HOSTNAME: string; DATABASE_URL: string }): Promise<RecipeApp> {
    await writeSources(folder);
    await succeed("node_modules/.bin/tsc", folder);
    const [port, graphqlPort] = [await freePort(), await freePort()];
    const app = fork(join(folder, "dist/main.js"), {
      cwd: folder,
      env: {
        ...process.env,
        ...env,
        PORT: String(port),
        GRAPHQL_PORT: String(graphqlPort),
        APP_ORIGIN: "https://app.example.com",
      },
      execArgv: [],
    });
    const started = new RecipeApp(app, port, graphqlPort);
    await started.act("calls");
    return started;
  }

  /** Acts on what is the app's own: its logins, rooms and jobs. @throws Error with what the act threw */
  async act<T>(name: string, ...args: unknown[]): Promise<T> {
    const answer = once(this.#child, "message");
    this.#child.send({ name, args });
    const [{ result, error }] = await answer;
    if (error) throw new Error(error);
    return result;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill();
    await once(this.#child, "exit");
  }
}

async function writeSources(folder: string): Promise<void> {
  const src = join(folder, "src");
  await cp(projectPath("middleware"), join(src, "middleware"), { recursive: true });
  await symlink(projectPath("node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await mkdir(src, { recursive: true });
  const compilerOptions = {
    module: "nodenext",
    target: "es2023",
    rootDir: "src",
    outDir: "dist",
    types: ["node"],
    noEmitOnError: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
  const names = [
    ...(await writePageSamples("graphql.md", src)),
    ...(await writePageSamples("long-connections.md", src)),
  ];
  assert.equal(names.length, 8);
  await writeFile(join(src, "job.ts"), await blockThatBegins("// job.ts"));
  const connection = join(src, "live-connection.ts");
  const quicker = (await readFile(connection, "utf8")).replace("= 30_000", `= ${HEARTBEAT_MS}`);
  assert(quicker.includes(`HEARTBEAT_MS = ${HEARTBEAT_MS};`));
  await writeFile(connection, quicker);
  await writeFile(join(src, "db.ts"), DB);
  await writeFile(join(src, "main.ts"), MAIN);
}
