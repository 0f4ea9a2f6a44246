import type { Socket } from "node:net";
import { getTableName } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { type Database, migrationsFolder, type OpenOptions } from "./database.js";
import { SqlError } from "./database-unavailable.js";
import { decisions } from "./schema.js";

const CONNECT_TIMEOUT_MS = 2_000;
const QUERY_TIMEOUT_MS = 5_000;
const MIGRATION_CONNECT_TIMEOUT_MS = 5_000;

/** Key of the advisory lock: any number, as long as every process of the app uses the same. */
const MIGRATION_LOCK_KEY = 7_264_001;

/**
 * Connects to PostgreSQL and migrates its tables. Processes that start at the same time migrate one after the other.
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
  await migrateInTurn(url, mustExist);
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

async function migrateInTurn(url: string, mustExist: boolean): Promise<void> {
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
