import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { type Database, migrationsFolder } from "./database.js";
import { SqlError } from "./unavailable.js";

/** Any number will do, as long as every process of the app uses the same. */
const MIGRATION_LOCK = 7_264_001;

/**
 * Connects to PostgreSQL and brings its tables up to date. Processes that start at once take turns.
 *
 * A connection is waited for 2 s and an answer 5 s; after that the query fails, so that a request does not hang.
 *
 * @param url - connection string, `postgres://...`
 * @param onLost - told when an idle connection breaks; the pool replaces it by itself
 * @throws Error that names the server and says why it cannot be used
 */
export async function openPostgres(url: string, onLost: (error: Error) => void): Promise<Database> {
  await migrateInTurn(url);
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: 2_000,
    query_timeout: 5_000,
    statement_timeout: 5_000,
    keepAlive: true,
  });
  pool.on("error", onLost);
  return {
    db: drizzle(pool),
    pool: {
      query: (text, values) =>
        pool.query(text, values).catch((cause: unknown) => {
          throw new SqlError({ cause });
        }),
    },
    async ping() {
      await pool.query("select 1");
    },
    close: () => pool.end(),
  };
}

async function migrateInTurn(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A connection that breaks fails the query that is under way, which is enough.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await migrate(drizzle(client), { migrationsFolder });
  } catch (error) {
    const { host, port, database } = client;
    throw new Error(`PostgreSQL at ${host}:${port}, database ${database}, cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    // Ending the connection gives the lock back, whatever happened.
    await client.end();
  }
}

/** Of several addresses the reasons are in the errors; of a query that Drizzle made, in the cause. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
