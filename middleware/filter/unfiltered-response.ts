import type { Response } from "express";
import { problemOf } from "../error-handler.js";
import { AuthorizationSetupError } from "../errors.js";

/** The methods of a response that send the head of an answer. `writeHeader` is an old name, gone in Node.js 26. */
const HEAD_METHODS = ["writeHead", "writeHeader"];
/** Those that send the head that has been set before, unless one has been sent. */
const BODY_METHODS = ["flushHeaders", "write", "end"];
/** Those that send headers ahead of the answer (1xx). `writeInformation` is new in Node.js 24. */
const INFORMATION_METHODS = ["writeEarlyHints", "writeInformation"];

/**
 * Holds back the response of a list whose handler has not taken its filter, as it would show every row. Instead of
 * anything but an error (400 to 599) the client gets 500, and the developer a warning (`process.emitWarning`).
 * A redirect may carry what the list holds in its `Location`, and a 304 confirms what a client has kept from before.
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
  const methods = res as unknown as Record<string, Send | undefined>;
  const { writeHead, end } = res as unknown as Record<"writeHead" | "end", Send>;
  const headersBefore = res.getHeaders();
  let isRefused = false;
  for (const name of [...HEAD_METHODS, ...BODY_METHODS, ...INFORMATION_METHODS]) {
    const original = methods[name];
    if (!original) continue;
    methods[name] = (...args) => {
      if (!isRefused && (res.headersSent || !isUnfiltered() || isError(settleStatus(name, args)))) {
        return original.apply(res, args);
      }
      if (!isRefused) refuse();
      return name === "write" ? true : res;
    };
  }

  /**
   * The status that a call would send; 0 when it only announces the answer. Node takes texts and fractions, too. The
   * number that it makes of them is put in their place, so that nothing else is sent than what is looked at here.
   */
  function settleStatus(name: string, args: unknown[]): number {
    if (INFORMATION_METHODS.includes(name)) return 0;
    const isHead = HEAD_METHODS.includes(name);
    const status = Math.trunc(Number(isHead ? args[0] : res.statusCode));
    if (isHead) args[0] = status;
    else res.statusCode = status;
    return status;
  }

  function refuse(): void {
    isRefused = true;
    const error = new AuthorizationSetupError(
      `A route guarded by authorize("${kind}", "${action}", { filter: true }) answered without req.authz.filter("${kind}", "${action}").`,
    );
    process.emitWarning(error.message, error.name);
    // The headers, trailers and words that the handler has set may reveal something about the list.
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    for (const [name, value] of Object.entries(headersBefore)) if (value !== undefined) res.setHeader(name, value);
    res.addTrailers({});
    res.statusMessage = "";
    const body = JSON.stringify(problemOf(error));
    res.setHeader("Content-Type", "application/problem+json");
    res.setHeader("Cache-Control", "no-store");
    // The head is sent at once, as middleware in front of the route may delay the end of the response.
    writeHead.call(res, error.status);
    end.call(res, body);
  }
}

function isError(status: number): boolean {
  return status >= 400 && status <= 599;
}

type Send = (...args: unknown[]) => unknown;
