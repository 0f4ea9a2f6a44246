import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { type Database, migrationsFolder } from "./database.js";

/** Any number will do, as long as every process of the app uses the same. */
const MIGRATION_LOCK = 7_264_001;

/**
 * Connects to PostgreSQL and brings its tables up to date. Processes that start at once take turns.
 *
 * A connection is waited for 2 s and an answer 5 s; after that the query fails, so that a request does not hang.
 *
 * @param url - connection string, `postgres://...`
 * @param onLost - told when an idle connection breaks; the pool replaces it by itself
 * @throws whatever PostgreSQL or the network says
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
    pool,
    async ping() {
      await pool.query("select 1");
    },
    close: () => pool.end(),
  };
}

async function migrateInTurn(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await migrate(drizzle(client), { migrationsFolder });
  } finally {
    // Ending the connection gives the lock back, whatever happened.
    await client.end();
  }
}
