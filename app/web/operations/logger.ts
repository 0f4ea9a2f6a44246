import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";
import { type Logger, pino } from "pino";
import { pinoHttp } from "pino-http";

/** Structured logs on standard output, one JSON object a line. */
export function createLogger(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
}

/** An id that a proxy gave the request is kept if it is one that cannot do harm in a log. */
const ACCEPTABLE_ID = /^[\w.-]{8,64}$/;

/**
 * Gives each request an id (`X-Request-Id`) and logs it when it is answered. Headers and query strings are left out:
 * they carry cookies, tokens and codes.
 */
export function requestLog(logger: Logger): RequestHandler {
  return pinoHttp({
    logger,
    genReqId(req, res) {
      const given = req.headers["x-request-id"];
      const id = typeof given === "string" && ACCEPTABLE_ID.test(given) ? given : randomUUID();
      res.setHeader("X-Request-Id", id);
      return id;
    },
    // What failed has been logged by then, and with more than the status.
    customErrorObject: (_req, res, _error, { responseTime }) => ({ res, responseTime }),
    // Wrapped, the last one would be given pino's own copy of an error, in which nothing is left of what it was.
    wrapSerializers: false,
    serializers: {
      req: (req: { id: string; method: string; url: string }) => ({
        id: req.id,
        method: req.method,
        path: req.url.split("?", 1)[0],
      }),
      res: (res: { statusCode: number }) => ({ status: res.statusCode }),
      err: describe,
    },
    autoLogging: { ignore: (req) => /^\/(livez|readyz|assets)\b/.test(req.url ?? "") },
  });
}

/** Errors of Okta's middleware and of the database carry requests, tokens and rows; their words and stacks do not. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: "something that is not an Error was thrown" };
  const { name, message, stack, cause } = error;
  const code = "code" in error ? String(error.code) : undefined;
  const fault = "fault" in error ? String(error.fault) : undefined;
  // Drizzle's message repeats the query's parameters.
  const told = name === "DrizzleQueryError" ? "query failed" : message;
  return {
    name,
    message: told,
    code,
    fault,
    stack: frames(stack),
    ...(cause !== undefined && { cause: describe(cause) }),
  };
}

function frames(stack: string | undefined): string | undefined {
  return stack?.slice(Math.max(0, stack.search(/^ {4}at /m)));
}
