import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a running demo leaves in its data folder, so that other commands on the same computer find it. */
export interface DemoState {
  /** The issuer identifier of the running stand-in. */
  readonly issuer: string;
  /** The client with which a command may ask for tokens. */
  readonly cli: { readonly clientId: string; readonly clientSecret?: string };
}

/** Writes `demo.json` into the data folder, which is made when it is not there. Only the owner may read the file. */
export async function writeDemoState(dataDir: string, state: DemoState): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  await writeFile(fileIn(dataDir), `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
}

/**
 * The state that the last demo wrote. It may be the state of one that has ended without removing it.
 *
 * @returns undefined when there is none.
 * @throws Error when the file is there but does not hold a demo's state.
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

/** Removes what {@link writeDemoState} wrote; nothing happens when it is gone already. */
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
  if (!isRecord(value) || typeof value.issuer !== "string" || !isRecord(value.cli)) return false;
  const { clientId, clientSecret } = value.cli;
  return typeof clientId === "string" && (clientSecret === undefined || typeof clientSecret === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
