import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How long to wait for a process with a higher id, which claims the folder at the same time, to give way. */
const MAX_WAIT_MS = 2_000;
const POLL_INTERVAL_MS = 50;
const CLAIM_FILE = /^lock\.(\d+)$/;

/**
 * Locks a folder for this process: two processes that write to one embedded database corrupt it. The folder is created
 * when it does not exist. The claim of a process that has died does not count.
 *
 * A process writes its claim first and then looks for others, so that of two that start at the same time neither can
 * overlook the other. The one with the higher process id gives way.
 *
 * @returns a function that unlocks the folder
 * @throws Error that names the process which has locked the folder
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const claim = fileOf(folder, process.pid);
  const unlock = () => rm(claim, { force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(claim, "");
  const limit = performance.now() + MAX_WAIT_MS;
  for (;;) {
    const [holder] = await otherClaims(folder);
    if (holder === undefined) return unlock;
    if (holder < process.pid || performance.now() > limit) {
      await unlock();
      throw new Error(
        `Process ${holder} already uses the database in ${resolve(folder)}. Stop it, or set DATA_DIR to another folder.`,
      );
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

/** Ids of the other running processes that claim the folder, the lowest first. Removes the claims of dead processes. */
async function otherClaims(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  const claimed = names.map((name) => Number(CLAIM_FILE.exec(name)?.[1])).filter((pid) => pid && pid !== process.pid);
  const dead = claimed.filter((pid) => !isAlive(pid));
  await Promise.all(dead.map((pid) => rm(fileOf(folder, pid), { force: true })));
  return claimed.filter((pid) => !dead.includes(pid)).sort((a, b) => a - b);
}

function fileOf(folder: string, pid: number): string {
  return join(folder, `lock.${pid}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process runs, under another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
