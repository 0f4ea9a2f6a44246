import type { Database } from "../../../app/db/database.js";
import { openPostgres } from "../../../app/db/postgres.js";
import { openEmbedded } from "../../../app/demo/database/embedded.js";

/** Where the app finds a database, as its settings say it. */
export interface DatabaseLocation {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
}

/** Opens the database at a location, as the app does. */
export function openDatabase({ databaseUrl, dataDir }: DatabaseLocation): Promise<Database> {
  return databaseUrl ? openPostgres(databaseUrl, () => {}) : openEmbedded(dataDir);
}
