import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbedded } from "../../../app/demo/database/embedded.js";
import { afterAllTests } from "../cleanup.js";
import { compiledFolder } from "../stack/compiled.js";

const NAME = "migrated-database";

/** Makes a data folder of the embedded database with the app's tables, without rows. @param parent - gets the folder */
export async function makeMigratedFolder(parent: string): Promise<string> {
  const folder = join(parent, NAME);
  await (await openEmbedded(folder)).close();
  return folder;
}

/** The one that belongs to the compiled tests, which all processes of the gate copy. */
const prepared = compiledFolder && join(compiledFolder, NAME);

let made: Promise<string> | undefined;

/** A data folder to be copied: the migrations take longer. */
function migratedFolder(): Promise<string> {
  if (prepared && existsSync(prepared)) return Promise.resolve(prepared);
  made ??= (async () => {
    const parent = await mkdtemp(join(tmpdir(), "gatehouse-migrated-"));
    afterAllTests(() => rm(parent, { recursive: true }));
    return makeMigratedFolder(parent);
  })();
  return made;
}

/** Copies a data folder with the app's tables, without rows. @param to - does not exist, or is empty */
export async function copyMigratedFolder(to: string): Promise<void> {
  await cp(await migratedFolder(), to, { recursive: true });
}
