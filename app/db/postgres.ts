import type { Socket } from "node:net";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { Client, cancelQuery } from "./client.js";
import type { Database, OpenOptions } from "./database.js";
import { migratePostgres } from "./migrate.js";
import { probeServer } from "./server.js";

const CONNECT_TIMEOUT_MS = 2_000;
const QUERY_TIMEOUT_MS = 5_000;
/** How long before the end of that time a query is cancelled, so that it does not run on at the server. */
const CANCEL_AHEAD_MS = 500;

/**
 * Connects to PostgreSQL and migrates its tables, where they are not current. Processes that start at the same time migrate
 * one after the other.
 *
 * A query fails when it gets no connection within 2,000 ms or no answer within 5,000 ms, so that a request does not hang.
 * The server is asked to cancel it then. Where it takes a `statement_timeout`, it does so by itself, too.
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
  const settings = await probeServer(url, QUERY_TIMEOUT_MS);
  await migratePostgres(url, mustExist);
  const pool = new pg.Pool({
    ...settings,
    Client,
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  pool.on("error", onLost);
  endSilentQueries(pool);
  return {
    db: drizzle(pool),
    async ping() {
      await pool.query("select 1");
    },
    close: () => pool.end(),
  };
}

/**
 * Cancels a query that gets no answer. When there is still none, its connection is closed, so that the query fails. The
 * driver's own option for this, `query_timeout`, keeps each query's rows in memory until the next full garbage collection.
 */
function endSilentQueries(pool: pg.Pool): void {
  const cancelled = new WeakSet<pg.PoolClient>();
  pool.on("connect", (client) => {
    const stream = streamOf(client);
    stream.on("timeout", () => {
      if (cancelled.has(client)) stream.destroy(new Error("Connection terminated: no answer in time"));
      cancelled.add(client);
      stream.setTimeout(CANCEL_AHEAD_MS);
      cancelQuery(client);
    });
    // Between the statements of a transaction this is the only listener. The next statement fails.
    client.on("error", () => {});
  });
  pool.on("acquire", (client) => {
    cancelled.delete(client);
    streamOf(client).setTimeout(QUERY_TIMEOUT_MS - CANCEL_AHEAD_MS);
  });
  pool.on("release", (_error, client) => void streamOf(client).setTimeout(0));
}

/** The socket of a connection, which the driver's types leave out. */
function streamOf(client: pg.PoolClient): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}
