import type { ErrorRequestHandler, NextFunction, Request, Response } from "express";
import type { Logger } from "pino";
import type { ClaimRules } from "../config.js";
import { isDatabaseUnavailable } from "../db/database-unavailable.js";
import { ProblemError } from "../problems.js";
import { type Claims, personFromLogin } from "./claims.js";
import { type SessionEvents, type SessionReason, sessionHandle } from "./events.js";
import { loginUrl } from "./login-paths.js";
import { OktaUnavailableError } from "./okta-unavailable.js";
import { SESSION_COOKIE, saveSession } from "./session.js";
import { SessionEndedError } from "./session-store.js";

/** Marks a browser whose login was restarted automatically. A login is restarted once, not for ever. */
const RETRY_COOKIE = "gatehouse.retry";
const RETRY_COOKIE_LIFETIME_MS = 60_000;

/**
 * Makes the handler that {@link OktaConnection} calls when the browser is back from Okta. After a login it keeps the
 * claims in the session and redirects to the page that the user wanted. A login that was lost on the way is restarted
 * once. Any other failure goes to `next()`: {@link OktaUnavailableError}, a database error, or a {@link ProblemError}
 * with status 400, or 403 when Okta refused the user.
 *
 * @param rules - how claims become a person; a login whose claims have no user id fails
 * @param events - takes each login that was completed, and each that failed
 */
export function loginCallback(logger: Logger, rules: ClaimRules, events: SessionEvents): ErrorRequestHandler {
  const failed = (req: Request, reason: SessionReason) =>
    events.record({ action: "login", effect: "deny", person: null, session: null, reason }, req);

  async function finish(error: unknown, req: Request, res: Response, next: NextFunction): Promise<void> {
    const tokens = req.userContext?.tokens;
    if (!error && tokens) {
      const claims: Claims = { ...req.userContext?.userinfo, ...tokens.claims() };
      const person = personFromLogin(claims, rules);
      // With such a login in its session, a browser would be redirected between Okta and this app without end.
      if (!person) {
        await failed(req, "invalid_tokens");
        return next(loginFailed());
      }
      const session = sessionHandle(req.sessionID);
      await events.record({ action: "login", effect: "allow", person, session, reason: null }, req);
      req.session.login = { at: Date.now(), claims };
      res.clearCookie(RETRY_COOKIE);
      await saveSession(req);
      return res.redirect(res.locals.returnTo ?? "/");
    }
    // After the comma openid-client repeats parameters of the request.
    const reason = error instanceof Error ? error.message.split(",")[0] : "no tokens";
    logger.warn({ requestId: req.id, reason }, "login failed");
    if (isDatabaseUnavailable(error)) return next(error);
    await failed(req, reasonOf(error, req));
    if (isNetworkFault(error)) return next(new OktaUnavailableError({ cause: error }));
    if (req.query.error === "access_denied") return next(refusedByOkta(req));
    if (isLostLogin(error) && mayRestart(req)) return restartLogin(req, res);
    next(loginFailed());
  }

  // The router of Okta's middleware does not look at promises.
  return (error, req, res, next) => {
    finish(error, req, res, next).catch(next);
  };
}

function reasonOf(error: unknown, req: Request): SessionReason {
  if (isNetworkFault(error)) return "okta_unavailable";
  if (req.query.error === "access_denied") return "refused_by_okta";
  return isLostLogin(error) ? "not_begun_here" : "invalid_tokens";
}

/** The session that began the login is gone, another tab began one since, or its code was used already. */
function isLostLogin(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // Another tab has logged in. Where a logout has ended a login, none begins by itself.
  if (error instanceof SessionEndedError) return !error.wasLoggedIn;
  return (
    /state mismatch|authorization request details|state argument is missing/.test(error.message) ||
    ("error" in error && error.error === "invalid_grant")
  );
}

function isNetworkFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("code" in error && /^E[A-Z]+$/.test(String(error.code))) || error.message.includes("request timed out");
}

/** A browser that does not keep cookies would be redirected without end. */
function mayRestart(req: Request): boolean {
  const cookies = req.get("cookie") ?? "";
  return cookies.includes(`${SESSION_COOKIE}=`) && !cookies.includes(`${RETRY_COOKIE}=`);
}

function restartLogin(req: Request, res: Response): void {
  res.cookie(RETRY_COOKIE, "1", {
    httpOnly: true,
    sameSite: "lax",
    secure: req.secure,
    maxAge: RETRY_COOKIE_LIFETIME_MS,
  });
  res.redirect(loginUrl(res.locals.returnTo ?? "/"));
}

function refusedByOkta(req: Request): ProblemError {
  const reason = typeof req.query.error_description === "string" ? ` Okta says: ${req.query.error_description}` : "";
  return new ProblemError(
    403,
    "Okta did not let you in",
    `Ask your administrator to assign this application to you.${reason}`,
  );
}

function loginFailed(): ProblemError {
  return new ProblemError(
    400,
    "The login was not completed",
    "It may have taken too long, or your browser did not send our cookie. Please log in again.",
  );
}
