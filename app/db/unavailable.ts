/** SQLSTATE classes and codes, and errors of the network and of node-postgres, that mean "not now" rather than "wrong". */
const SQLSTATES = /^(08...|53...|57P0[1-5]|57014|40001|40P01)$/;
const NETWORK = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT)$/;
const CLIENT =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Query read timeout)/;

/**
 * Whether an error says that the database cannot be reached, or cannot answer now.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  if (SQLSTATES.test(code) || CLIENT.test(error.message)) return true;
  if (NETWORK.test(code) && "syscall" in error && error.syscall !== "open") return true;
  // Drizzle and AggregateError (a host with several addresses) wrap what happened.
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnavailable);
  return isDatabaseUnavailable(error.cause);
}
