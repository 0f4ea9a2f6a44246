/**
 * Creates the tables of the app, or migrates them, and ends:
 *
 *     DATABASE_URL=postgres://owner:...@db.internal/crm npm run db:migrate
 *
 * With it, the app itself can run as a role that may not change tables. Exit code 1 when it could not be done.
 */
import { loadDatabaseUrl } from "../config.js";
import { messageOf } from "../error-description.js";
import { migratePostgres } from "./migrate.js";

try {
  const run = await migratePostgres(loadDatabaseUrl());
  console.log(run === 0 ? "The tables are current." : `The tables are current now: migrations that have run: ${run}.`);
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
