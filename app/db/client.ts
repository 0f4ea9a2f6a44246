import { connect } from "node:net";
import pg from "pg";

/**
 * What a connection asks for when it is opened, whatever the server, the database or the role has as its default: times
 * are read in this style. Unlike other settings, poolers such as PgBouncer take these in transaction mode, too.
 *
 * @see https://www.pgbouncer.org/config.html#track_extra_parameters
 */
const SESSION_SETTINGS = { DateStyle: "ISO, MDY", TimeZone: "UTC", standard_conforming_strings: "on" } as const;

/** Length of a CancelRequest in bytes, and its code in the place of a protocol version. */
const CANCEL_REQUEST_BYTES = 16;
const CANCEL_REQUEST_CODE = 80_877_102;
const CANCEL_TIMEOUT_MS = 30_000;

/** A connection whose settings do not depend on the defaults of the database. */
export class Client extends pg.Client {
  /** The members of the startup message. The driver's types leave this method out. */
  getStartupConf(): Record<string, string> {
    const driver = pg.Client.prototype as unknown as { getStartupConf(): Record<string, string> };
    return { ...driver.getStartupConf.call(this), ...SESSION_SETTINGS };
  }
}

/**
 * Asks the server to cancel the query that runs on a connection, which then fails. A pooler hands this on. It goes over
 * a connection of its own. Nobody learns whether it arrives.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
export function cancelQuery(client: pg.ClientBase): void {
  const { host, port, processID, secretKey } = client as unknown as Record<
    "port" | "processID" | "secretKey",
    number
  > & {
    readonly host: string;
  };
  const message = Buffer.alloc(CANCEL_REQUEST_BYTES);
  for (const [n, value] of [CANCEL_REQUEST_BYTES, CANCEL_REQUEST_CODE, processID, secretKey].entries()) {
    message.writeInt32BE(value, n * 4);
  }
  const socket = connect(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
  socket.on("error", () => {});
  socket.setTimeout(CANCEL_TIMEOUT_MS, () => socket.destroy());
  // The server closes the connection. PgBouncer 1.18 ends itself when its client does.
  socket.unref().resume().write(message);
}
