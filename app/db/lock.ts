import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

/**
 * Claims a folder for this process: an embedded database that two processes write to is lost. The claim of a process
 * that has died is void.
 *
 * @returns a function that gives the folder back
 * @throws Error that names the process which has the folder
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, "lock");
  try {
    await writeFile(file, String(process.pid), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const holder = Number.parseInt(await readFile(file, "utf8").catch(() => ""), 10);
    if (holder !== process.pid && isAlive(holder)) {
      throw new Error(
        `Process ${holder} already uses the database in ${resolve(folder)}. Stop it, or set DATA_DIR to another folder.`,
      );
    }
    await rm(file, { force: true });
    return lockFolder(folder);
  }
  return () => rm(file, { force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, under another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
