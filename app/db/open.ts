import type { Config } from "../config.js";
import type { Database, OpenOptions } from "./database.js";

/**
 * Opens the database that the settings name: PostgreSQL, or without a `DATABASE_URL` the embedded one.
 *
 * @param onLost - called when an idle connection to PostgreSQL breaks
 * @throws Error that says why the database cannot be used
 */
export async function openDatabase(
  config: Pick<Config, "databaseUrl" | "dataDir"> & Partial<Pick<Config, "databasePoolSize">>,
  onLost: (error: Error) => void,
  options: OpenOptions = {},
): Promise<Database> {
  if (config.databaseUrl) {
    const { openPostgres } = await import("./postgres.js");
    return openPostgres(config.databaseUrl, onLost, { poolSize: config.databasePoolSize, ...options });
  }
  // Loaded only when used, since it contains a whole PostgreSQL.
  return (await import("./embedded.js")).openEmbedded(config.dataDir, options);
}
