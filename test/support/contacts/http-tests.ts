import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { projectPath } from "../paths.js";
import { compiled } from "../stack/compiled.js";

const run = promisify(execFile);

/** Those of the tests of contacts over HTTP that write and read everything that a contact has. */
const CONTACT_TESTS = ["create", "update", "delete", "list", "sharing/json"];
/** On a busy machine they take minutes. */
const TIMEOUT_MS = 9 * 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Runs the tests of contacts over HTTP on another database, in a process of their own.
 *
 * @param databaseUrl - connection string of the database, as the app gets it
 * @throws AssertionError with the tests that fail, also when they take longer than nine minutes
 */
export async function passContactTests(databaseUrl: string): Promise<void> {
  const files = CONTACT_TESTS.map((name) => compiled(`test/app/contacts/${name}.test.ts`));
  const options = ["--config", compiled(".mocharc.json"), "--reporter", "json"];
  const mocha = run(process.execPath, ["node_modules/mocha/bin/mocha.js", ...options, ...files], {
    cwd: projectPath("."),
    env: { ...process.env, SHARED_STACK_DATABASE_URL: databaseUrl },
    maxBuffer: MAX_OUTPUT_BYTES,
    timeout: TIMEOUT_MS,
    // On this signal mocha stops what its tests have started.
    killSignal: "SIGINT",
  });
  const { stdout } = await mocha.catch((error: { stdout: string }) => error);
  assert(stdout.includes("{\n"), "they did not come to their end");
  const { stats, failures } = JSON.parse(stdout.slice(stdout.indexOf("{\n")));
  assert.deepEqual(
    failures.map(({ fullTitle, err }: { fullTitle: string; err: { message: string } }) => [fullTitle, err.message]),
    [],
  );
  assert(stats.passes >= 8 * files.length, `${stats.passes} tests passed`);
  assert.equal(stats.pending, 0);
}
