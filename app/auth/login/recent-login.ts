import type { Request, RequestHandler } from "express";
import { wantsHtml } from "../../../middleware/index.js";
import { ProblemError } from "../../problems.js";
import { loginOf } from "../sessions/session.js";

/**
 * For what a request asks, its user has to have logged in more recently: 401, with the challenge of RFC 9470, section 3.
 * A browser is sent to log in again.
 */
export class RecentLoginRequiredError extends ProblemError {
  /** Path of this app where a browser goes after the login. */
  readonly returnTo: string;

  /** @param maxAge - how old the login may be, in seconds */
  constructor(maxAge: number, returnTo: string) {
    const minutes = maxAge / 60;
    super(
      401,
      "Log in again",
      `Nothing was changed. This needs a login of the last ${minutes === 1 ? "minute" : `${minutes} minutes`}.`,
      { headers: { "WWW-Authenticate": `Bearer error="insufficient_user_authentication", max_age="${maxAge}"` } },
    );
    this.name = "RecentLoginRequiredError";
    this.returnTo = returnTo;
  }
}

/** How recent the logins of some routes must be. */
export interface RecentLogins {
  /** How old such a login may be, in seconds; `undefined` when any login will do. */
  readonly maxAge: number | undefined;
  /** Whether the user of a request has logged in recently enough. */
  isRecent(req: Request): boolean;
  /**
   * A handler that throws {@link RecentLoginRequiredError} otherwise. It stands after the route's `authorize`, so that
   * nobody logs in again for what is denied anyway.
   *
   * @param returnTo - where a browser goes after the login; default: the address of the request
   */
  required(returnTo?: (req: Request) => string): RequestHandler;
}

/**
 * @param minutes - how old a login may be for what needs a recent one; `undefined` when any login will do
 */
export function recentLogins(minutes: number | undefined): RecentLogins {
  const maxAge = minutes === undefined ? undefined : minutes * 60;
  const isRecent = (req: Request) => {
    if (maxAge === undefined) return true;
    const at = authenticatedAt(req);
    return at !== undefined && Date.now() - at <= maxAge * 1_000;
  };
  return {
    maxAge,
    isRecent,
    required: (returnTo) => (req, _res, next) => {
      if (maxAge === undefined || isRecent(req)) return next();
      const back = returnTo && wantsHtml(req) ? returnTo(req) : req.originalUrl;
      next(new RecentLoginRequiredError(maxAge, back));
    },
  };
}

/**
 * When the user of a request was last asked by Okta who they are, in ms since 1970; `undefined` when the token does not say
 * so. For a service that logs in as itself there is no such time.
 */
function authenticatedAt(req: Request): number | undefined {
  const login = loginOf(req);
  const { auth_time: authTime, iat } = login?.claims ?? req.person?.claims ?? {};
  if (typeof authTime !== "number") return undefined;
  // In a session both times are Okta's, and the app's clock measures what has passed since: clocks may differ.
  if (login) return typeof iat === "number" ? login.at - Math.max(0, iat - authTime) * 1_000 : undefined;
  return authTime * 1_000;
}
