import type { Db } from "../../../app/db/database.js";
import { openPostgres } from "../../../app/db/postgres.js";
import { standInFor, useFixture } from "../fixture.js";
import { engines } from "./engines.js";
import type { TemporaryDatabase } from "./temporary-database.js";

const TEST_TIMEOUT_MS = 300_000;

/**
 * Describes a suite once for each engine that the app runs on.
 *
 * @param title - the engine's name is added to it
 * @param describeTests - gets an empty database of the engine, which can be used from the suite's first hook on
 */
export function describeOnEachEngine(title: string, describeTests: (db: Db) => void): void {
  for (const [engine, open] of Object.entries(engines)) {
    describe(`${title} on ${engine}`, function () {
      this.timeout(TEST_TIMEOUT_MS);
      const opened = useFixture(open, async ({ database, drop }) => {
        await database.close();
        await drop();
      });
      describeTests(standInFor(() => opened.database.db));
    });
  }
}

/**
 * Opens a database for the suite that calls this, as the app opens it. A second call opens it once more, as another
 * process would.
 *
 * @returns can be used from the suite's first hook on
 */
export function useOpened(temporary: Pick<TemporaryDatabase, "url">): Db {
  const database = useFixture(
    () => openPostgres(temporary.url, () => {}),
    ({ close }) => close(),
  );
  return standInFor(() => database.db);
}
