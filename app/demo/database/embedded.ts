import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { drizzle } from "drizzle-orm/pglite";
import type { Database, OpenOptions } from "../../db/database.js";
import { runMigrations } from "../../db/migrations.js";
import { createCluster } from "./create-cluster.js";
import { lockFolder } from "./folder-lock.js";

/** PostgreSQL's default, 128 MB, is written with zeros at each start, and the demo's data is much smaller. */
const SHARED_BUFFERS = "16MB";

/**
 * Locks the data folder, and opens the database in it.
 *
 * @param dataDir - the folder, which is created when it does not exist; one process can use it at a time
 * @throws Error when another process uses the folder, or when there is no database that must exist
 */
export async function openEmbedded(dataDir: string, { mustExist = false }: OpenOptions = {}): Promise<Database> {
  // PostgreSQL writes this file when it creates a database.
  if (mustExist && !existsSync(join(dataDir, "postgres", "PG_VERSION"))) {
    throw new Error(`There is no database in ${resolve(dataDir)}. Set DATA_DIR to its folder, or set DATABASE_URL.`);
  }
  const unlock = await lockFolder(dataDir);
  try {
    const database = await openLocked(dataDir);
    const close = async () => {
      await database.close();
      await unlock();
    };
    return { ...database, close };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/**
 * Opens PostgreSQL inside this process (PGlite), creates it when there is none, and migrates its tables.
 *
 * @param dataDir - the folder of its data, which this process has locked
 */
export async function openLocked(dataDir: string): Promise<Database> {
  const folder = join(dataDir, "postgres");
  if (!existsSync(join(folder, "PG_VERSION"))) await createCluster(folder);
  const startParams = [...PGlite.defaultStartParams, "-c", `shared_buffers=${SHARED_BUFFERS}`];
  const pglite = await PGlite.create(folder, { startParams, extensions: { pg_trgm } }).catch((cause: unknown) => {
    throw cannotBeOpened(folder, cause);
  });
  const db = drizzle(pglite);
  await runMigrations(db);
  return {
    db,
    async ping() {
      await pglite.query("select 1");
    },
    close: () => pglite.close(),
  };
}

/** PGlite says little of what is wrong, and may say it in several lines. */
function cannotBeOpened(folder: string, cause: unknown): Error {
  const [reason] = String(cause instanceof Error ? cause.message : cause).split("\n");
  return new Error(
    `The database in ${resolve(folder)} cannot be opened (${reason}). It is damaged, or of another version of PostgreSQL. Move that folder away, and the next start makes a new one, or set DATA_DIR to another folder.`,
    { cause },
  );
}
