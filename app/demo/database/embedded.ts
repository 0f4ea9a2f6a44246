import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { drizzle } from "drizzle-orm/pglite";
import { migrate } from "drizzle-orm/pglite/migrator";
import { type Database, migrationsFolder, type OpenOptions } from "../../db/database.js";
import { lockFolder } from "./folder-lock.js";

/**
 * Opens PostgreSQL inside this process (PGlite), creates it when there is none, and migrates its tables.
 *
 * @param dataDir - the folder of its data; one process can use it at a time
 * @throws Error when another process uses the folder, or when there is no database that must exist
 */
export async function openEmbedded(dataDir: string, { mustExist = false }: OpenOptions = {}): Promise<Database> {
  // PostgreSQL writes this file when it creates a database.
  if (mustExist && !existsSync(join(dataDir, "postgres", "PG_VERSION"))) {
    throw new Error(`There is no database in ${resolve(dataDir)}. Set DATA_DIR to its folder, or set DATABASE_URL.`);
  }
  await mkdir(dataDir, { recursive: true });
  const unlock = await lockFolder(dataDir);
  try {
    const pglite = await PGlite.create(join(dataDir, "postgres"));
    const db = drizzle(pglite);
    await migrate(db, { migrationsFolder });
    return {
      db,
      pool: { query: (text, values) => pglite.query(text, values) },
      async ping() {
        await pglite.query("select 1");
      },
      async close() {
        await pglite.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}
