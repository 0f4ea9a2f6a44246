import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { PGlite } from "@electric-sql/pglite";
import { archiveFor, pgliteVersion, unpack } from "./cluster-archive.js";

/**
 * Creates an empty database cluster. It is unpacked from the archive for the installed PGlite. Without one `initdb` makes
 * it, which takes several seconds and 800 MB of memory.
 *
 * The folder gets its name when it is complete: a process that is killed before leaves no half cluster under that name.
 *
 * @param folder - of the cluster. It does not exist, or is empty; no other process creates it at the same time
 * @param archive - default: the one for the installed PGlite
 * @throws Error when there are files in the folder
 */
export async function createCluster(folder: string, archive = archiveFor(pgliteVersion)): Promise<void> {
  const incomplete = `${folder}.incomplete`;
  await rm(incomplete, { recursive: true, force: true });
  await mkdir(incomplete, { mode: 0o700 });
  if (existsSync(archive)) await unpack(archive, incomplete);
  else await runInitdb(incomplete);
  try {
    await rename(incomplete, folder);
  } catch (cause) {
    await rm(incomplete, { recursive: true, force: true });
    const message = `${folder} has files, but no database. Remove it, or set DATA_DIR to another folder.`;
    throw isNotEmpty(cause) ? new Error(message, { cause }) : cause;
  }
}

/** PGlite runs `initdb` when it opens a folder without a cluster. */
async function runInitdb(folder: string): Promise<void> {
  const pglite = await PGlite.create(folder);
  await pglite.close();
}

function isNotEmpty(error: unknown): boolean {
  return ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
}
