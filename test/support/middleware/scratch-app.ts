import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Context } from "mocha";
import { startPdp, type TestPdp } from "../../../middleware/testing/index.js";
import { freePort } from "../network/free-port.js";
import { projectPath } from "../paths.js";
import { until } from "../until.js";

/*
 * Runs apps that use the middleware in folders outside of this project, as an engineer would who has only the folder.
 */

const START_LIMIT_MS = 60_000;

interface Run {
  readonly code: number | null;
  /** The command, and what it has printed. */
  readonly output: string;
}

/** The environment of this process, without the variables with which npm, when it runs a script, leads npm back here. */
function environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NODE_V8_COVERAGE: _coverage, NODE_ENV: _mode, ...env } = process.env;
  const kept = Object.entries(env).filter(
    ([name]) => !/^npm_/i.test(name) || /^npm_config_(registry|cache|userconfig)$/i.test(name),
  );
  return { ...Object.fromEntries(kept), ...extra };
}

/** Runs a command of the shell in a folder. */
export async function run(command: string, cwd: string): Promise<Run> {
  const child = spawn("sh", ["-c", command], { cwd, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, output: `${command}\n${stdout}${stderr}` };
}

/** The same for a command that must succeed. */
export async function succeed(command: string, cwd: string): Promise<void> {
  const { code, output } = await run(command, cwd);
  assert.equal(code, 0, output);
}

/** Makes a folder for an app. @returns its real path, as npm and Node.js see it */
export async function scratchFolder(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), "gatehouse-scratch-")));
}

/** Runs `npm install` commands, or skips the test where no registry can be reached. */
export async function install(test: Context, commands: readonly string[], folder: string): Promise<void> {
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

/** A running app that answers `/contacts`, as the README's does. */
export class RunningApp {
  readonly #child: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
  }

  static async start(script: string, cwd: string, pdp: TestPdp): Promise<RunningApp> {
    const port = await freePort();
    const env = environment({ PORT: String(port), CERBOS_HOSTNAME: pdp.target });
    const child = spawn(process.execPath, [script], { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
    const app = new RunningApp(child, `http://127.0.0.1:${port}`);
    // With a decision: a busy machine may not get the first one in time.
    const decides = async () => {
      assert(child.exitCode === null, "the app has ended");
      return (await app.status("GET", "/contacts", "uma").catch(() => 503)) !== 503;
    };
    try {
      await until(decides, START_LIMIT_MS, "the app gets decisions");
    } catch (error) {
      await app.stop();
      throw error;
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

/**
 * Starts an app, and asserts every outcome over HTTP, against a PDP with policies for the samples' contacts and notes.
 *
 * @param script - path of the app's program, in `folder`
 * @param more - asserts what else the app must do, while the PDP is up
 */
export async function assertGuarded(
  script: string,
  folder: string,
  more: (app: RunningApp) => Promise<void> = async () => {},
): Promise<void> {
  const pdp = await startPdp({
    policies: projectPath("test/support/middleware/policies"),
    config: projectPath("pdp/pdp.yaml"),
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
