import { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from "express";
import type { Logger } from "pino";
import type { ClaimRules } from "../config.js";
import { isDatabaseUnavailable } from "../db/database-unavailable.js";
import { ProblemError } from "../problems.js";
import { type Claims, personFromLogin } from "./claims.js";
import { loginPaths, type OktaConnection } from "./okta-connection.js";
import { OktaUnavailableError } from "./okta-unavailable.js";
import { endSession, SESSION_COOKIE, saveSession } from "./session.js";

/** Marks a browser whose login was started again by itself, so that this happens once and not for ever. */
const RETRY_COOKIE = "gatehouse.retry";
const RETRY_COOKIE_LIFETIME_MS = 60_000;

/** Where a browser goes to log in, and then back to a path of this app. */
export function loginUrl(returnTo: string): string {
  return `${loginPaths.login}?${new URLSearchParams({ returnTo })}`;
}

/** A path of this app; anything that leads elsewhere becomes the home page. */
export function localPath(value: unknown, baseUrl: string): string {
  if (typeof value !== "string" || !value.startsWith("/") || !URL.canParse(value, baseUrl)) return "/";
  const { origin, pathname, search } = new URL(value, baseUrl);
  // Without its dot, "/.//elsewhere" is "//elsewhere": by itself the address of another site.
  return origin === new URL(baseUrl).origin ? pathname.replace(/^\/+/, "/") + search : "/";
}

/**
 * Login through Okta, its callback, and logout.
 *
 * @param okta - the connection whose middleware does the talking
 * @param baseUrl - public origin of the app
 * @param limit - rate limit of these routes
 */
export function loginRoutes(okta: OktaConnection, baseUrl: string, limit: RequestHandler): Router {
  const router = Router();

  router.get(
    loginPaths.login,
    limit,
    (req, res, next) => {
      const returnTo = localPath(req.query.returnTo, baseUrl);
      if (req.person) return res.redirect(returnTo);
      req.session.returnTo = returnTo;
      // Okta's middleware takes a query with `code` or `state` for the way back from Okta, wherever it stands.
      const { login_hint: hint } = req.query;
      req.url = typeof hint === "string" ? `${req.path}?${new URLSearchParams({ login_hint: hint })}` : req.path;
      next();
    },
    okta.router,
  );

  router.get(
    loginPaths.callback,
    limit,
    (req, res, next) => {
      // The callback came twice, or another tab was first.
      if (req.person) return res.redirect("/");
      // Logging in renews the session, and with it goes what it knew.
      res.locals.returnTo = req.session.returnTo;
      next();
    },
    okta.router,
  );

  router.post(loginPaths.logout, limit, async (req, res) => {
    const login = req.session?.passport?.user;
    if (req.session) await endSession(req);
    res.clearCookie(SESSION_COOKIE);
    await okta.logout(req, res, login);
  });

  return router;
}

/** What happens when the browser is back from Okta; see {@link OktaConnection}. */
export function afterCallback(logger: Logger, rules: ClaimRules): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    const tokens = req.userContext?.tokens;
    if (!error && tokens) {
      const claims: Claims = { ...req.userContext?.userinfo, ...tokens.claims() };
      // Kept, such a login would send the browser back and forth: logged in as nobody.
      if (!personFromLogin(claims, rules)) return next(loginFailed());
      req.session.login = { at: Date.now(), claims };
      res.clearCookie(RETRY_COOKIE);
      saveSession(req).then(() => res.redirect(res.locals.returnTo ?? "/"), next);
      return;
    }
    // After the comma openid-client repeats what it was given.
    const reason = error instanceof Error ? error.message.split(",")[0] : "no tokens";
    logger.warn({ requestId: req.id, reason }, "login failed");
    if (isDatabaseUnavailable(error)) return next(error);
    if (isNetworkFault(error)) return next(new OktaUnavailableError({ cause: error }));
    if (req.query.error === "access_denied") return next(refusedByOkta(req));
    if (isLostLogin(error) && mayRetry(req)) return restart(req, res);
    next(loginFailed());
  };
}

/** The session that began the login is gone, another tab began one since, or its code was used already. */
function isLostLogin(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    /state mismatch|authorization request details|state argument is missing/.test(error.message) ||
    ("error" in error && error.error === "invalid_grant")
  );
}

function isNetworkFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("code" in error && /^E[A-Z]+$/.test(String(error.code))) || error.message.includes("request timed out");
}

/** A browser without our cookies would be sent round in circles. */
function mayRetry(req: Request): boolean {
  const cookies = req.get("cookie") ?? "";
  return cookies.includes(`${SESSION_COOKIE}=`) && !cookies.includes(`${RETRY_COOKIE}=`);
}

function restart(req: Request, res: Response): void {
  res.cookie(RETRY_COOKIE, "1", {
    httpOnly: true,
    sameSite: "lax",
    secure: req.secure,
    maxAge: RETRY_COOKIE_LIFETIME_MS,
  });
  res.redirect(loginUrl(res.locals.returnTo ?? "/"));
}

function refusedByOkta(req: Request) {
  const reason = typeof req.query.error_description === "string" ? ` Okta says: ${req.query.error_description}` : "";
  return new ProblemError(
    403,
    "Okta did not let you in",
    `Ask your administrator to assign this application to you.${reason}`,
  );
}

function loginFailed() {
  return new ProblemError(
    400,
    "The login was not completed",
    "It may have taken too long, or your browser did not send our cookie. Please log in again.",
  );
}
