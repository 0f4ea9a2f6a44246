import type { NextFunction, Request, RequestHandler, Response } from "express";
import { asError } from "./assertions.js";

/**
 * Passes the errors of an async handler to `next()`, as Express 5 does by itself. With Express 4 a handler that awaits
 * `req.authz.can()` without it ends the process when the PDP is down.
 *
 * @param handler - the handler; what it returns does not matter
 * @returns a handler with the types that Express has for its route
 * @see https://expressjs.com/en/guide/error-handling.html
 * @example
 * app.get("/contacts/:id", authorize("contact", "read", { resource: contactById }), asyncHandler(async (req, res) => {
 *   res.json({ mayDelete: await req.authz.can(contactOf(req), "delete") });
 * }));
 */
export function asyncHandler<
  P = Request["params"],
  ResBody = unknown,
  ReqBody = Request["body"],
  ReqQuery = Request["query"],
  Locals extends Response["locals"] = Response["locals"],
>(
  handler: (
    req: Request<P, ResBody, ReqBody, ReqQuery, Locals>,
    res: Response<ResBody, Locals>,
    next: NextFunction,
  ) => unknown,
): RequestHandler<P, ResBody, ReqBody, ReqQuery, Locals> {
  return async (req, res, next) => {
    try {
      await handler(req, res, next);
    } catch (error) {
      next(asError(error));
    }
  };
}
