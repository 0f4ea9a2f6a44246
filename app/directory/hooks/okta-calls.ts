import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { clientNetwork } from "../../web/client-address.js";
import { localBudget } from "../../web/limits/budget.js";

/** Requests a minute from one network that are not Okta's. */
const STRANGERS_LIMIT = 60;

/** Answers a request of which it is not clear that it is Okta's. */
export type RefuseStranger = (req: Request, res: Response, status: number, title: string) => Promise<void>;

/**
 * Makes the answer to requests that are not Okta's: 429 when there are many from one network. What Okta sends is never counted,
 * so that it is taken however many others come.
 */
export function refusalOfStrangers(): RefuseStranger {
  const strangers = localBudget(STRANGERS_LIMIT);
  return async (req, res, status, title) => {
    const { isOverdrawn, resetAfter } = await strangers.charge(clientNetwork(req), 1);
    // Its body is on the way, and is not waited for.
    if (req.method === "POST") res.set("Connection", "close");
    if (!isOverdrawn) return problem(res, status, title);
    res.set("Retry-After", String(Math.ceil(resetAfter / 1_000)));
    problem(res, 429, "Too many requests");
  };
}

/** Refuses a body that says it is too large. The parser would read all of it before. @param maxBytes - of the body */
export function notLargerThan(maxBytes: number): RequestHandler {
  return (req, res, next) => {
    if (Number(req.get("content-length") ?? 0) <= maxBytes) return next();
    res.set("Connection", "close");
    problem(res, 413, "The body is too large");
  };
}

/** Answers what the body's parser refuses. */
export const unreadableBody: ErrorRequestHandler = (error, _req, res, next) => {
  const { status } = error as { status?: unknown };
  if (typeof status !== "number" || status >= 500) return next(error);
  problem(res, status === 413 ? 413 : 400, "The body cannot be read");
};

/** Nothing on the way may keep an answer. */
export const notStored: RequestHandler = (_req, res, next) => {
  res.set("Cache-Control", "no-store");
  next();
};

/** Answers with problem details (RFC 9457) in a line: a program reads them. */
export function problem(res: Response, status: number, title: string): void {
  res
    .status(status)
    .type("application/problem+json")
    .send(JSON.stringify({ type: "about:blank", status, title }));
}
