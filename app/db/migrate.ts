import { getTableName } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { migrationsFolder } from "./database.js";
import { decisions } from "./schema.js";

const MIGRATION_CONNECT_TIMEOUT_MS = 5_000;

/** Key of the advisory lock: any number, as long as every process of the app uses the same. */
const MIGRATION_LOCK_KEY = 7_264_001;

/**
 * Migrates the tables of the app on PostgreSQL. Processes that do so at the same time do so one after the other.
 *
 * @param url - connection string, `postgres://...`
 * @param mustExist - whether a database without the app's tables is refused, and nothing created
 * @throws Error that names the server and says why it cannot be used
 */
export async function migrateInTurn(url: string, mustExist: boolean): Promise<void> {
  const client = migrationClient(url);
  // A broken connection also fails its query, which is enough.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK_KEY]);
    if (mustExist && !(await hasTables(client))) throw new Error("it has no tables of Gatehouse");
    await migrate(drizzle(client), { migrationsFolder });
  } catch (error) {
    const { host, port, database } = client;
    throw new Error(`PostgreSQL at ${host}:${port}, database ${database}, cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    // The end of the connection releases the lock in any case.
    await client.end();
  }
}

/** @throws Error when the connection string is invalid. Its cause would contain the string, which has a password */
function migrationClient(url: string): pg.Client {
  try {
    return new pg.Client({ connectionString: url, connectionTimeoutMillis: MIGRATION_CONNECT_TIMEOUT_MS });
  } catch (error) {
    throw new Error(`DATABASE_URL is not a connection string that can be used: ${reasonOf(error)}`);
  }
}

async function hasTables(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query("select to_regclass($1) is not null as there", [getTableName(decisions)]);
  return rows[0].there;
}

/** For a host with several addresses the reasons are in `errors`, for a query of Drizzle in `cause`. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
