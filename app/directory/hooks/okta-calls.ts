import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { clientNetwork } from "../../web/client-address.js";
import { localBudget } from "../../web/limits/budget.js";

const TOO_LARGE: ProblemText = ["The body is too large", "Okta's requests are smaller."];

/** Requests a minute from one network that are not Okta's. */
const STRANGERS_LIMIT = 60;

/** What a problem is about: its title, and what the client can do. */
export type ProblemText = readonly [title: string, detail: string];

/** Answers a request of which it is not clear that it is Okta's. */
export type RefuseStranger = (req: Request, res: Response, status: number, text: ProblemText) => Promise<void>;

/**
 * Makes the answer to requests that are not Okta's: 429 when there are many from one network. What Okta sends is never counted,
 * so that it is taken however many others come.
 */
export function refusalOfStrangers(): RefuseStranger {
  const strangers = localBudget(STRANGERS_LIMIT);
  return async (req, res, status, text) => {
    const { isOverdrawn, resetAfter } = await strangers.charge(clientNetwork(req), 1);
    // Its body is on the way, and is not waited for.
    if (req.method === "POST") res.set("Connection", "close");
    if (!isOverdrawn) return problem(req, res, status, text);
    res.set("Retry-After", String(Math.ceil(resetAfter / 1_000)));
    problem(req, res, 429, ["Too many requests", "Wait before you send more."]);
  };
}

/** Refuses a body that says it is too large. The parser would read all of it before. @param maxBytes - of the body */
export function notLargerThan(maxBytes: number): RequestHandler {
  return (req, res, next) => {
    if (Number(req.get("content-length") ?? 0) <= maxBytes) return next();
    res.set("Connection", "close");
    problem(req, res, 413, TOO_LARGE);
  };
}

/** Answers what the body's parser refuses. */
export const unreadableBody: ErrorRequestHandler = (error, req, res, next) => {
  const { status } = error as { status?: unknown };
  if (typeof status !== "number" || status >= 500) return next(error);
  if (status === 413) return problem(req, res, 413, TOO_LARGE);
  problem(req, res, 400, ["The body cannot be read", "It has to be JSON in UTF-8."]);
};

/** Refuses a request that no route of a path has taken. @param methods - those that the routes take, as in `Allow` */
export function onlyMethods(methods: string): RequestHandler {
  return (req, res) => {
    res.set("Allow", methods);
    problem(req, res, 405, ["Method not allowed", `This address takes ${methods}.`]);
  };
}

/** Nothing on the way may keep an answer. */
export const notStored: RequestHandler = (_req, res, next) => {
  res.set("Cache-Control", "no-store");
  next();
};

/** Answers with problem details (RFC 9457) in a line: a program reads them. */
export function problem(req: Request, res: Response, status: number, [title, detail]: ProblemText): void {
  const body = { type: "about:blank", title, status, detail, requestId: req.id };
  res.status(status).type("application/problem+json").send(JSON.stringify(body));
}
