import type { Response } from "express";
import { problemOf } from "../error-handler.js";
import { AuthorizationSetupError } from "../errors.js";

/** What sends something. */
const SENDING_METHODS = ["writeHead", "flushHeaders", "write", "end"] as const;

/**
 * A list that forgot its filter would show everything. This is the last moment to notice: instead of an answer with a
 * status of success, 500 is sent, and a warning tells the developer (`process.emitWarning`).
 *
 * The answer is given here, not by the app's error handler: an error thrown out of `res.end()` is nobody's to catch where
 * a handler answers from a callback, and middleware that has begun to end the response would go on and send the list.
 *
 * @param isUnfiltered - whether the handler has not taken the filter yet
 */
export function refuseUnfiltered(res: Response, kind: string, action: string, isUnfiltered: () => boolean): void {
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
    // What the handler has said of its answer may tell of the list, too.
    for (const name of res.getHeaderNames()) if (!(name in headersBefore)) res.removeHeader(name);
    const body = JSON.stringify(problemOf(error));
    res.setHeader("Content-Type", "application/problem+json");
    res.setHeader("Cache-Control", "no-store");
    // At once: what has been put in front may end the response later.
    originals.writeHead?.call(res, error.status);
    originals.end?.call(res, body);
  }
}

type Send = (...args: unknown[]) => unknown;
