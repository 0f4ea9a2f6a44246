import { csrfSync } from "csrf-sync";
import type { Request, RequestHandler } from "express";
import { loginOf } from "../auth/session.js";
import { ProblemError } from "../problems.js";

const { csrfSynchronisedProtection, generateToken, invalidCsrfTokenError } = csrfSync({
  getTokenFromRequest: (req) => req.body?._csrf ?? req.get("x-csrf-token"),
});

/** The token for this browser's forms; `null` where there is no login to protect. */
export function csrfTokenFor(req: Request): string | null {
  return loginOf(req) ? generateToken(req) : null;
}

/**
 * Refuses changes that come with a cookie but not from one of our forms: those need the session's token, in the field
 * `_csrf` or the header `X-CSRF-Token`. Bearer tokens are not sent by browsers on their own, so API clients pass.
 */
export const csrf: RequestHandler = (req, res, next) => {
  if (!loginOf(req)) {
    next();
    return;
  }
  csrfSynchronisedProtection(req, res, (error?: unknown) => {
    next(error === invalidCsrfTokenError ? forged() : error);
  });
};

function forged(): ProblemError {
  return new ProblemError(
    403,
    "This form has expired",
    "Nothing was saved. Go back, load the page again and send the form once more. API clients send an access token, or the session's token as X-CSRF-Token.",
  );
}
