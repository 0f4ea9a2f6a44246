import type { Response } from "express";
import { problemOf } from "../error-handler.js";
import { AuthorizationSetupError } from "../errors.js";

/** The methods of a response that send its head or body. */
const SENDING_METHODS = ["writeHead", "flushHeaders", "write", "end"] as const;

/**
 * Holds back the response of a list whose handler has not taken its filter, as it would show every row. Instead of a
 * response with a status of success the client gets 500, and the developer a warning (`process.emitWarning`).
 *
 * The 500 is sent here, not by the app's error handler. An error that `res.end()` throws cannot be caught when a
 * handler answers from a callback, and middleware that has begun to end the response would go on and send the list.
 *
 * @param isUnfiltered - whether the handler has not taken the filter yet
 */
export function refuseUnfilteredResponse(
  res: Response,
  kind: string,
  action: string,
  isUnfiltered: () => boolean,
): void {
  const originals = Object.fromEntries(SENDING_METHODS.map((name) => [name, res[name]])) as unknown as Record<
    string,
    Send
  >;
  const headersBefore = res.getHeaders();
  let isRefused = false;
  for (const name of SENDING_METHODS) {
    const send: Send = (...args) => {
      if (isRefused) return name === "write" ? true : res;
      const status = name === "writeHead" && typeof args[0] === "number" ? args[0] : res.statusCode;
      const isSuccess = status < 300 || status === 304;
      if (res.headersSent || !isSuccess || !isUnfiltered()) return originals[name]?.apply(res, args);
      isRefused = true;
      refuse();
      return name === "write" ? true : res;
    };
    Object.assign(res, { [name]: send });
  }

  function refuse(): void {
    const error = new AuthorizationSetupError(
      `A route guarded by authorize("${kind}", "${action}", { filter: true }) answered without req.authz.filter("${kind}", "${action}").`,
    );
    process.emitWarning(error.message, error.name);
    // The headers that the handler has set may reveal something about the list.
    for (const name of res.getHeaderNames()) if (!(name in headersBefore)) res.removeHeader(name);
    const body = JSON.stringify(problemOf(error));
    res.setHeader("Content-Type", "application/problem+json");
    res.setHeader("Cache-Control", "no-store");
    // The head is sent at once, as middleware in front of the route may delay the end of the response.
    originals.writeHead?.call(res, error.status);
    originals.end?.call(res, body);
  }
}

type Send = (...args: unknown[]) => unknown;
