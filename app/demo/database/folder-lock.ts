import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, utimes } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Claim, claimName, isHeldElsewhere, parseClaim, stateOf } from "./folder-claim.js";
import { listenAt } from "./folder-socket.js";

/** How long to wait for a process with a higher claim, which claims the folder at the same time, to give way. */
const MAX_WAIT_MS = 10_000;
const POLL_INTERVAL_MS = 50;
const HEARTBEAT_MS = 5_000;

/**
 * Locks a folder for this process: two processes that write to one embedded database corrupt it. The folder is created
 * when it does not exist.
 *
 * A claim is a unix socket in the folder, on which its process listens. So the operating system tells whether the process
 * lives: whatever its id is, also in another container, also while it is suspended. The claim of a process that has died
 * does not count. On another machine nothing can be asked; there a claim counts while its process marks it as fresh.
 *
 * A process makes its claim first and then looks for others, so that of two that start at the same time neither can
 * overlook the other. The one with the higher claim gives way.
 *
 * @returns a function that unlocks the folder
 * @throws Error that names the process which has locked the folder
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const own = claimName(randomBytes(4).toString("hex"));
  const path = pathIn(folder, own);
  let isLocked = false;
  // Under its name only when it listens, so that no one takes it for dead in between.
  const server = await listenAt(`${path}~`, () => isLocked);
  await rename(`${path}~`, path);
  const heartbeat = setInterval(() => void refresh(path, folder), HEARTBEAT_MS).unref();
  const unlock = async () => {
    clearInterval(heartbeat);
    await rm(path, { force: true });
    server.close();
  };
  const limit = performance.now() + MAX_WAIT_MS;
  for (;;) {
    const others = await otherClaims(folder, own);
    if (others.length === 0) {
      isLocked = true;
      return unlock;
    }
    const holder = others.find(({ isHolder, name }) => isHolder || name < own);
    if (holder || performance.now() > limit) {
      await unlock();
      throw inUse(folder, holder ?? others[0]);
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

/** The claims of other processes that live. Removes those of dead ones. */
async function otherClaims(folder: string, own: string): Promise<(Claim & { readonly isHolder: boolean })[]> {
  const names = await readdir(folder);
  const claims = names.flatMap((name) => (name === own ? [] : (parseClaim(name) ?? [])));
  const states = await Promise.all(
    claims.map(async (claim) => {
      const path = pathIn(folder, claim.name);
      const state = await stateOf(path);
      if (state !== "dead") return { ...claim, isHolder: state === "holder" };
      if (await isHeldElsewhere(claim, path)) return { ...claim, isHolder: true };
      await rm(path, { force: true });
      return [];
    }),
  );
  return states.flat();
}

/** Relative, as a socket's path must be short. */
function pathIn(folder: string, name: string): string {
  return join(relative(process.cwd(), resolve(folder)), name);
}

/** @throws Error when the claim is gone: another process may use the folder by now, and this one must end */
async function refresh(path: string, folder: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch((cause: unknown) => {
    throw new Error(`The lock of ${resolve(folder)} was taken away`, { cause });
  });
}

function inUse(folder: string, claim: Claim | undefined): Error {
  const { pid } = claim ?? {};
  const where = pid === process.pid ? " of another container" : "";
  return new Error(
    `Process ${pid}${where} already uses the database in ${resolve(folder)}. Stop it, or set DATA_DIR to another folder.`,
  );
}
