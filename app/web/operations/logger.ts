import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";
import { type Logger, pino } from "pino";
import { pinoHttp } from "pino-http";
import { describeError } from "../../error-description.js";
import { outerRequestId } from "../request-ids.js";

/**
 * Makes the app's logger. It writes one JSON object a line to standard output.
 *
 * @param level - of pino: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`
 */
export function createLogger(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: describeError } });
}

/** What paths of this app are made of. */
const KNOWN_SEGMENT = /^[\w.-]*$/;

/** A path for the log. What may have been typed in place of an id, such as an e-mail address, is left out. */
function loggedPath(url: string): string {
  const [path = ""] = url.split("?", 1);
  return path
    .split("/")
    .map((segment) => (KNOWN_SEGMENT.test(segment) ? segment : "…"))
    .join("/");
}

/**
 * Gives each request an id, which its answer has in `X-Request-Id`, and `req.log`, and logs the request when it is
 * answered. Headers and query strings are left out, since they hold cookies, tokens and codes.
 */
export function requestLog(logger: Logger): RequestHandler {
  return pinoHttp({
    logger,
    genReqId(_req, res) {
      const id = randomUUID();
      res.setHeader("X-Request-Id", id);
      return id;
    },
    // The error itself has been logged by then.
    customErrorObject: (_req, res, _error, { responseTime }) => ({ res, responseTime }),
    // Wrapped, `err` would get pino's copy of the error, which is not an Error any more.
    wrapSerializers: false,
    serializers: {
      req: (req: IncomingMessage) => {
        const outerId = outerRequestId(req);
        return { id: req.id, ...(outerId && { outerId }), method: req.method, path: loggedPath(req.url ?? "") };
      },
      res: (res: { statusCode: number }) => ({ status: res.statusCode }),
      err: describeError,
    },
    autoLogging: { ignore: (req) => /^\/(livez|readyz|assets)\b/.test(req.url ?? "") },
  });
}
