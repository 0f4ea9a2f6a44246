import type { Socket } from "node:net";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import type { Database, OpenOptions } from "./database.js";
import { migratePostgres } from "./migrate.js";

const CONNECT_TIMEOUT_MS = 2_000;
const QUERY_TIMEOUT_MS = 5_000;

/**
 * Connects to PostgreSQL and migrates its tables, where they are not current. Processes that start at the same time migrate
 * one after the other.
 *
 * A query fails when it gets no connection within 2,000 ms or no answer within 5,000 ms, so that a request does not hang.
 *
 * @param url - connection string, `postgres://...`
 * @param onLost - called when an idle connection breaks; the pool replaces it
 * @param options.poolSize - connections that may be open at a time; default 10. While tables are migrated there is one
 * @throws Error that names the server and says why it cannot be used
 */
export async function openPostgres(
  url: string,
  onLost: (error: Error) => void,
  { poolSize = 10, mustExist = false }: OpenOptions & { readonly poolSize?: number | undefined } = {},
): Promise<Database> {
  await migratePostgres(url, mustExist);
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
  });
  pool.on("error", onLost);
  closeSilentConnections(pool);
  return {
    db: drizzle(pool),
    async ping() {
      await pool.query("select 1");
    },
    close: () => pool.end(),
  };
}

/**
 * Closes a connection on which a query gets no answer, so that the query fails. The driver's own option for this,
 * `query_timeout`, keeps each query's rows in memory until the next full garbage collection.
 */
function closeSilentConnections(pool: pg.Pool): void {
  pool.on("connect", (client) => {
    const stream = streamOf(client);
    stream.on("timeout", () => stream.destroy(new Error("Connection terminated: no answer in time")));
    // Between the statements of a transaction this is the only listener. The next statement fails.
    client.on("error", () => {});
  });
  pool.on("acquire", (client) => void streamOf(client).setTimeout(QUERY_TIMEOUT_MS));
  pool.on("release", (_error, client) => void streamOf(client).setTimeout(0));
}

/** The socket of a connection, which the driver's types leave out. */
function streamOf(client: pg.PoolClient): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}
