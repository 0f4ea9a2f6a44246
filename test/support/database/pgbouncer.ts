import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Context } from "mocha";
import { useFixture } from "../fixture.js";
import { freePort } from "../network/free-port.js";
import { until } from "../until.js";

const START_TIMEOUT_MS = 60_000;

/** Debian keeps it where only administrators look for programs. */
const PATH = [process.env.PATH, "/usr/sbin"].join(delimiter);

/** A PgBouncer in transaction mode, in front of the server of the tests. */
export interface PgBouncer {
  /** The connection string of a database behind it. @param url - the database's own */
  urlOf(url: string): string;
  stop(): Promise<void>;
}

/**
 * Starts a PgBouncer with a configuration of its own. Without `pgbouncer` the calling suite is skipped; in CI it fails.
 *
 * @param roles - connection strings of roles that may connect, besides the tests' own
 */
async function startPgBouncer(test: Context, roles: readonly string[]): Promise<PgBouncer> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server || !isInstalled()) {
    if (process.env.CI) throw new Error("CI must have PgBouncer and TEST_DATABASE_URL");
    test.skip();
  }
  const { hostname, port: serverPort } = new URL(server);
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-pgbouncer-"));
  const port = await freePort();
  const users = join(folder, "users.txt");
  const config = join(folder, "pgbouncer.ini");
  const logins = [server, ...roles].map((url) => {
    const { username, password } = new URL(url);
    return `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"\n`;
  });
  await writeFile(users, logins.join(""));
  await writeFile(
    config,
    `[databases]
* = host=${hostname} port=${serverPort || 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = 5
`,
  );
  const child = spawn("pgbouncer", [config], {
    env: { PATH },
    stdio: ["ignore", "pipe", "pipe"],
    ...(await unprivileged(folder)),
  });
  const ended = once(child, "close");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
  await until(
    () => output.includes("process up") || hasEnded(child),
    START_TIMEOUT_MS,
    () => output,
  );
  assert(!hasEnded(child), output);
  return {
    urlOf(url) {
      const behind = new URL(url);
      behind.host = `127.0.0.1:${port}`;
      return behind.href;
    },
    async stop() {
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

/** Gives the suite that calls this a PgBouncer; see {@link startPgBouncer}. */
export function usePgBouncer(roles: () => readonly string[] = () => []): PgBouncer {
  return useFixture(
    (test) => startPgBouncer(test, roles()),
    (pgBouncer) => pgBouncer.stop(),
  );
}

function isInstalled(): boolean {
  try {
    execFileSync("pgbouncer", ["--version"], { env: { PATH } });
    return true;
  } catch {
    return false;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** PgBouncer refuses to be root. It then runs as the user of PostgreSQL, who has to read its folder. */
async function unprivileged(folder: string): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = ["-u", "-g"].map((of) => Number(execFileSync("id", [of, "postgres"])));
  assert(uid && gid);
  await chown(folder, uid, gid);
  return { uid, gid };
}
