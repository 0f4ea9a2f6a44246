import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import type { Db } from "./database.js";
import { pendingMigrations, runMigrations } from "./migrations.js";
import { reasonOf, withServer } from "./server.js";

/** SQLSTATE of a statement that the role may not run. */
const INSUFFICIENT_PRIVILEGE = "42501";

/**
 * Makes sure that the tables of the app on PostgreSQL are there, and not of an older version than the app. Nothing but
 * reading is done where they are current, so that the role needs no right to create or change tables.
 *
 * @param url - connection string, `postgres://...`
 * @param mustExist - whether a database without the app's tables is refused, and nothing created
 * @returns how many migrations have run
 * @throws Error that names the server and says why it cannot be used, also when migrations have to run and the role may
 *   not run them
 */
export async function migratePostgres(url: string, mustExist = false): Promise<number> {
  return withServer(url, (client) => migrateIfNeeded(drizzle(client), client.user ?? "", mustExist));
}

async function migrateIfNeeded(db: Db, role: string, mustExist: boolean): Promise<number> {
  const { all, migrations } = await pendingMigrations(db).catch((error: unknown) => {
    throw isDenied(error)
      ? new Error(`the role ${role} may not read which migrations have run: ${reasonOf(error)}. See docs/deploy.md`)
      : error;
  });
  if (migrations.length === 0) return 0;
  if (all && mustExist) throw new Error("it has no tables of Gatehouse");
  return runMigrations(db).catch((error: unknown) => {
    if (!isDenied(error)) throw error;
    const state = all ? "it has no tables of Gatehouse" : "its tables are of an older version than the app";
    throw new Error(
      `${state}, and the role ${role} may not ${all ? "create" : "change"} them (${reasonOf(error)}). Run "npm run db:migrate" with the connection string of their owner`,
    );
  });
}

function isDenied(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof pg.DatabaseError && cause.code === INSUFFICIENT_PRIVILEGE;
}
