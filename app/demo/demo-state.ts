import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a running demo writes into its data folder, so that commands on the same computer find it. */
export interface DemoState {
  /** The issuer identifier of the running stand-in for Okta. */
  readonly issuer: string;
  /** The API token of its organization. */
  readonly apiToken: string;
}

/**
 * Writes `demo.json` into the data folder, which is created when it does not exist. Only its owner may read the file.
 */
export async function writeDemoState(dataDir: string, state: DemoState): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  // A file that is there would keep the mode that it has.
  await removeDemoState(dataDir);
  await writeFile(fileIn(dataDir), `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
}

/**
 * Reads the state that the last demo wrote. That demo may have ended without removing it.
 *
 * @returns undefined when there is no file.
 * @throws Error when the file exists but does not contain a demo's state.
 */
export async function readDemoState(dataDir: string): Promise<DemoState | undefined> {
  const file = fileIn(dataDir);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const state = parsed(text);
  if (!isDemoState(state)) throw new Error(`${file} is not what a demo writes. Delete it and start the demo again.`);
  return state;
}

/** Removes what {@link writeDemoState} wrote; does nothing when there is no file. */
export async function removeDemoState(dataDir: string): Promise<void> {
  await rm(fileIn(dataDir), { force: true });
}

function fileIn(dataDir: string): string {
  return join(dataDir, "demo.json");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isDemoState(value: unknown): value is DemoState {
  const { issuer, apiToken } = (value ?? {}) as Record<string, unknown>;
  return typeof issuer === "string" && typeof apiToken === "string";
}
