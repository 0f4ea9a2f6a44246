/**
 * Prints the API token of the demo's Okta organization, and nothing else, on the standard output:
 *
 *     curl -H "Authorization: SSWS $(npm run -s okta:token)" http://localhost:<port>/api/v1/users
 *
 * The port is that of the stand-in for Okta, which the demo prints when it starts. It needs a running demo. Errors are
 * printed on the standard error, with exit code 1.
 */
import { parseArgs } from "node:util";
import { loadConfig } from "../config.js";
import { type DemoState, readDemoState } from "./demo-state.js";

const REQUEST_TIMEOUT_MS = 10_000;
const usage = `Usage: npm run -s okta:token -- [--data-dir <folder>]

Prints the API token of the Okta organization of the demo that is running.

  --data-dir  the demo's data folder; default: DATA_DIR, or ./data`;

try {
  const dataDir = dataDirFrom(process.argv.slice(2), loadConfig().dataDir);
  const state = await readDemoState(dataDir);
  if (!state) throw new Error(`No demo is running with the data folder ${dataDir}: start it with npm start.`);
  await checkThatItRuns(state);
  console.log(state.apiToken);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

/** A demo that was killed has left its file behind. */
async function checkThatItRuns({ issuer, apiToken }: DemoState): Promise<void> {
  const url = new URL("/api/v1/users?limit=1", issuer);
  const headers = { Authorization: `SSWS ${apiToken}` };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }).catch(
    () => undefined,
  );
  if (!response?.ok) throw new Error(`No demo answers at ${url.origin}: start it with npm start.`);
}

function dataDirFrom(args: string[], defaultDataDir: string): string {
  try {
    return parseArgs({ args, options: { "data-dir": { type: "string", default: defaultDataDir } } }).values["data-dir"];
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}
