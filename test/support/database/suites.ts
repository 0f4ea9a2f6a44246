import type { Database, Db } from "../../../app/db/database.js";
import { openDatabase } from "../../../app/db/open.js";
import type { engines } from "./engines.js";
import { temporaryDatabase } from "./temporary-database.js";

/**
 * Opens an empty database for the suite that is being described. What must end before the database does, a suite ends
 * in an `after` that it adds before it calls this.
 *
 * @param open - opens it on one of the engines
 * @param use - what to do with it before the tests
 */
export function withDatabase(open: (typeof engines)[string], use: (db: Db) => unknown): void {
  let opened: Awaited<ReturnType<typeof open>> | undefined;
  before(async function () {
    opened = await open(this);
    await use(opened.database.db);
  });
  after(async () => {
    await opened?.database.close();
    await opened?.drop();
  });
}

/**
 * Opens an empty database on real PostgreSQL twice for the suite that is being described, as two processes would.
 *
 * @param use - what to do with both before the tests
 */
export function withTwoProcesses(use: (one: Db, two: Db) => void): void {
  const databases: Database[] = [];
  let drop: (() => Promise<void>) | undefined;
  before(async function () {
    const temporary = await temporaryDatabase(this);
    drop = temporary.drop;
    const open = async () => {
      const database = await openDatabase({ databaseUrl: temporary.url, dataDir: "" }, () => {});
      databases.push(database);
      return database.db;
    };
    use(await open(), await open());
  });
  after(async () => {
    await Promise.all(databases.map((database) => database.close()));
    await drop?.();
  });
}
