import type { IncomingMessage } from "node:http";

/** An id from outside is kept when it has only these characters, which are harmless in a log. */
const HARMLESS_ID = /^[\w.-]{8,64}$/;

/**
 * The id that a proxy or a client has given to a request, in `X-Request-Id`. Anybody can choose it: it helps to find a
 * request in other logs, and stands beside the app's own id, never for it.
 *
 * @returns `null` when there is none, or it is not 8 to 64 of letters, digits, `_`, `.` and `-`
 */
export function outerRequestId({ headers }: Pick<IncomingMessage, "headers">): string | null {
  const id = headers["x-request-id"];
  return typeof id === "string" && HARMLESS_ID.test(id) ? id : null;
}
