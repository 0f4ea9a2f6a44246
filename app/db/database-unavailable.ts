import { DrizzleQueryError } from "drizzle-orm";

/** SQLSTATE classes and codes, and errors of the network and of node-postgres, that mean "not now" rather than "wrong". */
const SQLSTATES = /^(08...|53...|57P0[1-5]|57014|40001|40P01)$/;
const NETWORK = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT)$/;
const CLIENT =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Query read timeout)/;

/** A query that was not made through Drizzle, which has an error of its own for this, has failed. */
export class SqlError extends Error {
  constructor(options: ErrorOptions) {
    super("query failed", options);
    this.name = "SqlError";
  }
}

/**
 * Whether an error says that the database cannot be reached, or cannot answer now. Only errors of queries can: a network
 * that fails elsewhere fails in the same words.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  return (error instanceof DrizzleQueryError || error instanceof SqlError) && meansNotNow(error.cause);
}

function meansNotNow(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  if (SQLSTATES.test(code) || CLIENT.test(error.message)) return true;
  if (NETWORK.test(code) && "syscall" in error && error.syscall !== "open") return true;
  // A host with several addresses was reached at none of them.
  if (error instanceof AggregateError) return error.errors.some(meansNotNow);
  return meansNotNow(error.cause);
}
