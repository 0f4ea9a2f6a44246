import pg from "pg";
import { Client } from "./client.js";

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * The app's statements are short, and are run on tables of which the server knows little yet, such as those that the first
 * load of the directory fills: it would take them for long ones, and compile them for 500 ms to run for 20, or start further
 * processes that take 10 ms to come up and that other requests have to wait for.
 *
 * @see https://www.postgresql.org/docs/current/jit-decision.html
 * @see https://www.postgresql.org/docs/current/when-can-parallel-query-be-used.html
 */
const SHORT_STATEMENTS = "-c jit=off -c max_parallel_workers_per_gather=0";

/** SQLSTATEs with which poolers refuse a startup parameter: protocol violation, and feature not supported. */
const REFUSED_PARAMETER = /^(08P01|0A000)$/;

/**
 * Does something with a connection that no one else uses, and that is closed then.
 *
 * @param url - connection string, `postgres://...`
 * @param options - what else the driver should know
 * @throws Error that names the server and says why it cannot be used. Its cause is the error that tells the reason
 */
export async function withServer<T>(
  url: string,
  use: (client: pg.Client) => Promise<T>,
  options: pg.ClientConfig = {},
): Promise<T> {
  const client = newClient({ ...options, connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // A broken connection also fails its query, which is enough.
  client.on("error", () => {});
  try {
    await client.connect();
    return await use(client);
  } catch (error) {
    const { host, port, database } = client;
    throw new Error(`PostgreSQL at ${host}:${port}, database ${database}, cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    await client.end();
  }
}

/**
 * Connects once to see whether the database can be used, and how.
 *
 * @param statementTimeoutMs - how long a statement may take, in ms
 * @returns what the driver should ask for with each connection. Poolers in transaction mode refuse it
 * @throws Error that names the server and says why it cannot be used
 */
export async function probeServer(url: string, statementTimeoutMs: number): Promise<pg.ClientConfig> {
  const settings = { statement_timeout: statementTimeoutMs, options: SHORT_STATEMENTS };
  try {
    await withServer(url, checkEncoding, settings);
    return settings;
  } catch (error) {
    if (!isRefusedParameter((error as Error).cause)) throw error;
    await withServer(url, checkEncoding);
    return {};
  }
}

function isRefusedParameter(error: unknown): boolean {
  return error instanceof pg.DatabaseError && REFUSED_PARAMETER.test(error.code ?? "");
}

async function checkEncoding(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>("show server_encoding");
  const encoding = rows[0]?.server_encoding;
  if (encoding === "UTF8") return;
  throw new Error(`its encoding is ${encoding}, not UTF8. Create one with ENCODING 'UTF8' TEMPLATE template0`);
}

/** @throws Error when the connection string is invalid. Its cause would contain the string, which has a password */
function newClient(config: pg.ClientConfig): pg.Client {
  try {
    return new Client(config);
  } catch (error) {
    throw new Error(`DATABASE_URL is not a connection string that can be used: ${reasonOf(error)}`);
  }
}

/** The driver's words for a server without TLS, where the settings ask for it. */
const NO_TLS = "The server does not support SSL connections";

/** For a host with several addresses the reasons are in `errors`, for a query of Drizzle in `cause`. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return error.message === NO_TLS ? `${NO_TLS}; set DATABASE_TLS=false to do without` : error.message;
}
