import { DrizzleQueryError } from "drizzle-orm";

/**
 * SQLSTATE classes and codes that say that the database cannot answer now, rather than that the query is wrong: among
 * them those of a login that is refused, of a server that has become a standby, and of time limits of the role's own.
 */
const TRANSIENT_SQLSTATE = /^(08...|53...|28...|3D000|57P0[1-5]|57014|40001|40P01|25006|25P0[34]|55P03)$/;
/** Codes of network errors. */
const NETWORK_ERROR_CODE =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT)$/;
/** Messages of node-postgres, whose errors have no code. */
const CLIENT_ERROR_MESSAGE =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Query read timeout)/;

/**
 * Whether an error says that the database cannot be reached, or cannot answer now. Only errors of queries count: a
 * connection to another service fails with the same codes.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  return error instanceof DrizzleQueryError && isTransient(error.cause);
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  if (TRANSIENT_SQLSTATE.test(code) || CLIENT_ERROR_MESSAGE.test(error.message)) return true;
  if (NETWORK_ERROR_CODE.test(code) && "syscall" in error && error.syscall !== "open") return true;
  // The host has several addresses, and could be reached at none of them.
  if (error instanceof AggregateError) return error.errors.some(isTransient);
  return isTransient(error.cause);
}
