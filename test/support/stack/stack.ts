import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDemoState } from "../../../app/demo/demo-state.js";
import { requestToken } from "../../../app/demo/identity-provider/request-token.js";
import { copyMigratedFolder } from "../database/migrated-folder.js";
import { useFixture } from "../fixture.js";
import { logIn } from "../http/sign-in.js";
import { UserAgent } from "../http/user-agent.js";
import { freePort } from "../network/free-port.js";
import { programArguments } from "./compiled.js";

/** A running app with its demo parts, started the way `npm start` starts it. */
export interface Stack {
  readonly url: string;
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** Everything that it has printed so far, standard error included. */
  output(): string;
  /** Its log so far, a record for each line that is JSON. */
  log(): Record<string, unknown>[];
  /** An access token for a demo user, from the demo identity provider. */
  token(login: string): Promise<string>;
  /** A browser, as far as cookies go, in which a demo user has logged in. */
  login(login: string, path?: string): Promise<UserAgent>;
  /** Sends a signal (default SIGTERM) and waits for the end; resolves with the exit code or signal. */
  stop(signal?: NodeJS.Signals): Promise<number | string | null>;
}

const START_TIMEOUT_MS = 90_000;

/** Longer than a busy machine keeps an app from reading an answer of its PDP that has come. */
const PDP_DEADLINE_MS = 5_000;

/** The environment of this process without the settings of the app, so that no test depends on the machine's. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, NODE_V8_COVERAGE } = process.env;
  const own = Object.entries({ PATH, HOME, TMPDIR, NODE_V8_COVERAGE }).filter(([, value]) => value);
  return { ...Object.fromEntries(own), CERBOS_DEADLINE_MS: String(PDP_DEADLINE_MS) };
}

/** Starts the app as a child process and collects what it prints. */
function spawnApp(env: NodeJS.ProcessEnv, program: readonly string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, program, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
  return { child, output: () => output };
}

/**
 * Starts a stack for a test that breaks something, or needs other settings than the shared one has.
 *
 * @param env - settings besides a free port, a temporary data folder, in which the embedded database has its tables, and
 *   rate limits that tests do not reach
 * @param program - arguments of Node that run the app
 */
export async function startStack(
  env: NodeJS.ProcessEnv = {},
  program = programArguments("app/main.ts"),
): Promise<Stack> {
  const port = env.PORT ?? String(await freePort());
  const dataDir = env.DATA_DIR ?? (await mkdtemp(join(tmpdir(), "gatehouse-test-")));
  if (!env.DATA_DIR && !env.DATABASE_URL) await copyMigratedFolder(dataDir);
  const { child, output } = spawnApp(
    {
      LOG_LEVEL: "info",
      RATE_LIMIT_LOGIN: "1000000",
      RATE_LIMIT_ANONYMOUS: "1000000",
      RATE_LIMIT_REQUESTS: "100000000",
      ...env,
      PORT: port,
      DATA_DIR: dataDir,
    },
    program,
  );
  const url = `http://localhost:${port}`;
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string | null);
  const ready = new Promise<void>((resolve) => {
    child.stdout?.on("data", () => output().includes("CRM ready at") && resolve());
  });
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error(`the app did not start in time:\n${output()}`)), START_TIMEOUT_MS).unref();
  });
  const early = ended.then((code) => Promise.reject(new Error(`the app ended with ${code}:\n${output()}`)));
  // It also rejects when the app ends as it should, later.
  early.catch(() => {});
  await Promise.race([ready, early, late]).catch(async (error: unknown) => {
    child.kill("SIGKILL");
    await ended;
    if (!env.DATA_DIR) await rm(dataDir, { recursive: true, force: true });
    throw error;
  });

  return {
    url,
    dataDir,
    process: child,
    output,
    log: () =>
      output()
        .split("\n")
        .filter((line) => line.startsWith("{") && line.endsWith("}"))
        .map((line) => JSON.parse(line)),
    token: async (login) => {
      const state = await readDemoState(dataDir);
      assert(state, "no demo state");
      return requestToken(state.issuer, login);
    },
    login: async (login, path = "/") => {
      const agent = new UserAgent();
      await logIn(agent, `${url}/login?${new URLSearchParams({ returnTo: path })}`, login);
      return agent;
    },
    stop: async (signal = "SIGTERM") => {
      child.kill(signal);
      const code = await ended;
      if (!env.DATA_DIR) await rm(dataDir, { recursive: true, force: true });
      return code;
    },
  };
}

/**
 * Gives the suite that calls this a stack that no other suite uses, which runs from the suite's first hook on.
 *
 * @param env - says the settings; see {@link startStack}
 */
export function useStack(env: () => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv>): Stack {
  return useFixture(
    async () => startStack(await env()),
    (stack) => stack.stop(),
  );
}
