import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import type { Context } from "mocha";
import pg from "pg";
import type { DatabaseLocation } from "../database/open-database.js";
import { temporaryDatabase, WITHOUT_TABLES } from "../database/temporary-database.js";
import { projectPath } from "../paths.js";

/** The database of version 0.1.0, as statements. */
export function oldDump(): Promise<string> {
  return readFile(projectPath("test/support/upgrade/database-0.1.0.sql"), "utf8");
}

/** Puts the database of version 0.1.0 where the app will find it, on each engine that the app runs on. */
export const oldDatabases: Readonly<
  Record<string, (test: Context) => Promise<{ location: DatabaseLocation; drop: () => Promise<void> }>>
> = {
  "embedded PostgreSQL": async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "gatehouse-upgrade-"));
    await mkdir(dataDir, { recursive: true });
    const pglite = await PGlite.create(join(dataDir, "postgres"));
    await pglite.exec(await oldDump());
    await pglite.close();
    return { location: { databaseUrl: undefined, dataDir }, drop: () => rm(dataDir, { recursive: true }) };
  },
  "real PostgreSQL": async (test) => {
    const { url, drop } = await temporaryDatabase(test, WITHOUT_TABLES);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(await oldDump());
    await client.end();
    return { location: { databaseUrl: url, dataDir: "" }, drop };
  },
};
