import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../../../app/db/database.js";
import { openPostgres } from "../../../app/db/postgres.js";
import { openEmbedded } from "../../../app/demo/database/embedded.js";
import { copyMigratedFolder } from "./migrated-folder.js";
import { temporaryDatabase } from "./temporary-database.js";

/** Opens a database without rows that a test has for itself, on each engine that the app runs on. */
export const engines: Record<
  string,
  (test: Mocha.Context) => Promise<{ database: Database; drop: () => Promise<void> }>
> = {
  "embedded PostgreSQL": async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "gatehouse-store-"));
    await copyMigratedFolder(dataDir);
    const database = await openEmbedded(dataDir);
    return { database, drop: () => rm(dataDir, { recursive: true }) };
  },
  "real PostgreSQL": async (test) => {
    const { url, drop } = await temporaryDatabase(test);
    return { database: await openPostgres(url, () => {}), drop };
  },
};
