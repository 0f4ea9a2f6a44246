import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../../../app/db/database.js";
import { openPostgres } from "../../../app/db/postgres.js";
import { openEmbedded } from "../../../app/demo/database/embedded.js";
import { afterAllTests } from "../cleanup.js";
import { temporaryDatabase } from "./temporary-database.js";

let migrated: Promise<string> | undefined;

/** A data folder of the embedded database with the app's tables, to be copied: the migrations take longer. */
function migratedFolder(): Promise<string> {
  migrated ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-migrated-"));
    afterAllTests(() => rm(folder, { recursive: true }));
    await (await openEmbedded(folder)).close();
    return folder;
  })();
  return migrated;
}

/** Opens a database without rows that a test has for itself, on each engine that the app runs on. */
export const engines: Record<
  string,
  (test: Mocha.Context) => Promise<{ database: Database; drop: () => Promise<void> }>
> = {
  "embedded PostgreSQL": async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "gatehouse-store-"));
    await cp(await migratedFolder(), dataDir, { recursive: true });
    const database = await openEmbedded(dataDir);
    return { database, drop: () => rm(dataDir, { recursive: true }) };
  },
  "real PostgreSQL": async (test) => {
    const { url, drop } = await temporaryDatabase(test);
    return { database: await openPostgres(url, () => {}), drop };
  },
};
