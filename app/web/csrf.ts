import { createHmac } from "node:crypto";
import { csrfSync } from "csrf-sync";
import type { Request, RequestHandler } from "express";
import { loginOf } from "../auth/sessions/session.js";
import { ProblemError } from "../problems.js";

const { csrfSynchronisedProtection, generateToken, invalidCsrfTokenError } = csrfSync({
  // Made of the session's id, which nobody else knows, it need not be stored. Tabs that open at once have the same.
  getTokenFromState: (req) => createHmac("sha256", req.sessionID).update("csrf").digest("base64url"),
  getTokenFromRequest: (req) => req.body?._csrf ?? req.get("x-csrf-token"),
});

/** The token for this browser's forms; `null` when the request has no login to protect. */
export function csrfTokenFor(req: Request): string | null {
  return loginOf(req) ? generateToken(req) : null;
}

/**
 * Refuses changes that come with a session cookie but from another site's form: they need the session's token, in the
 * field `_csrf` or the header `X-CSRF-Token`. Requests with a bearer token need none, since browsers do not send bearer
 * tokens by themselves.
 */
export const csrf: RequestHandler = (req, res, next) => {
  if (!loginOf(req)) {
    next();
    return;
  }
  csrfSynchronisedProtection(req, res, (error?: unknown) => {
    next(error === invalidCsrfTokenError ? new InvalidCsrfTokenError() : error);
  });
};

/** A form without the token of the session that it came with: the form of another session, or of another site. */
export class InvalidCsrfTokenError extends ProblemError {
  constructor() {
    super(
      403,
      "This form has expired",
      "Nothing was saved. Load the page of the form again. API clients send an access token, or the session's token as X-CSRF-Token.",
    );
    this.name = "InvalidCsrfTokenError";
  }
}
