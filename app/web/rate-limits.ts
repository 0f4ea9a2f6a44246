import type { Request, RequestHandler } from "express";
import { ipKeyGenerator, rateLimit } from "express-rate-limit";
import { ProblemError } from "../problems.js";

const WINDOW_MS = 60_000;

function limitFor(perMinute: number, keyGenerator: (req: Request) => string): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_MS,
    limit: perMinute,
    standardHeaders: "draft-7",
    legacyHeaders: false,
    keyGenerator,
    handler: (_req, _res, next) => {
      next(new ProblemError(429, "Too many requests", "Wait a minute, then try again."));
    },
  });
}

const address = (req: Request) => ipKeyGenerator(req.ip ?? "");

/** Limits the login routes for each network address. Requests are counted in the memory of this process. */
export function loginLimit(perMinute: number): RequestHandler {
  return limitFor(perMinute, address);
}

/** Limits requests for each logged-in person, or for each network address. Counted like {@link loginLimit}. */
export function requestLimit(perMinute: number): RequestHandler {
  return limitFor(perMinute, (req) => (req.person ? `person ${req.person.id}` : address(req)));
}
