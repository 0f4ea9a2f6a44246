import type { Socket } from "node:net";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { type Database, migrationsFolder } from "./database.js";
import { SqlError } from "./database-unavailable.js";

/** ms that a query may take. */
const QUERY_TIMEOUT_MS = 5_000;

const DEFAULT_POOL_SIZE = 10;

/** Any number will do, as long as every process of the app uses the same. */
const MIGRATION_LOCK_KEY = 7_264_001;

/**
 * Connects to PostgreSQL and brings its tables up to date. Processes that start at once take turns.
 *
 * A connection is waited for 2 s and an answer 5 s; after that the query fails, so that a request does not hang.
 *
 * @param url - connection string, `postgres://...`
 * @param poolSize - most connections that are open at a time; default 10. One more is open while tables are migrated
 * @param onLost - told when an idle connection breaks; the pool replaces it by itself
 * @throws Error that names the server and says why it cannot be used
 */
export async function openPostgres(
  url: string,
  onLost: (error: Error) => void,
  poolSize = DEFAULT_POOL_SIZE,
): Promise<Database> {
  await migrateInTurn(url);
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 2_000,
    statement_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
  });
  pool.on("error", onLost);
  cutOffSilent(pool);
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

/**
 * Ends connections on which a query waits in vain, so that it fails. The driver has an option for this, `query_timeout`,
 * but with that each query's rows stay in memory until the next full garbage collection.
 */
function cutOffSilent(pool: pg.Pool): void {
  pool.on("connect", (client) => {
    const stream = streamOf(client);
    stream.on("timeout", () => stream.destroy(new Error("Connection terminated: no answer in time")));
    // Between the statements of a transaction nobody else listens; the next statement fails.
    client.on("error", () => {});
  });
  pool.on("acquire", (client) => void streamOf(client).setTimeout(QUERY_TIMEOUT_MS));
  pool.on("release", (_error, client) => void streamOf(client).setTimeout(0));
}

/** The driver's types leave it out. */
function streamOf(client: pg.PoolClient): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}

async function migrateInTurn(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A connection that breaks fails the query that is under way, which is enough.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK_KEY]);
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

/** Of several addresses the reasons are in the errors; of a query that Drizzle made, in the cause. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
