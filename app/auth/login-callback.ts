import type { Request, RequestHandler, Response } from "express";
import { AuthorizationError } from "../../middleware/index.js";
import type { ClaimRules } from "../config.js";
import { isDatabaseUnavailable } from "../db/database-unavailable.js";
import { ProblemError } from "../problems.js";
import { aboutPerson, personFromLogin } from "./claims.js";
import type { CurrentPerson } from "./current-person.js";
import type { SessionEvents, SessionReason } from "./events.js";
import { isExpired, type PendingLogin, type PendingLogins } from "./login/pending-login.js";
import type { RecentLogins } from "./login/recent-login.js";
import { loginUrl } from "./login-paths.js";
import type { OktaConnection } from "./okta-connection.js";
import { OktaUnavailableError } from "./okta-unavailable.js";
import type { Revocations } from "./revocation/revocations.js";
import { sessionHandle } from "./sessions/hash.js";
import type { LogoutTokens } from "./sessions/logout-tokens.js";
import { saveSession } from "./sessions/session.js";
import { SessionEndedError } from "./sessions/store.js";

/** What logins work with. */
export interface LoginServices {
  /** The connection whose middleware talks to Okta. */
  readonly okta: OktaConnection;
  /** Which logins a browser has begun. */
  readonly pending: PendingLogins;
  /** How recent some logins must be. */
  readonly recent: RecentLogins;
  /** How the claims of a login become a person; a login whose claims have no user id fails. */
  readonly rules: ClaimRules;
  /** Says who the user is now; the login of one who is not active fails. */
  readonly current: CurrentPerson;
  /** What people had that was revoked; a login fails that had begun before. */
  readonly revocations: Revocations;
  /** Keeps the tokens of a login for its logout. */
  readonly tokens: LogoutTokens;
  /** Takes each login that was completed or has failed, and each logout. */
  readonly events: SessionEvents;
  /** Public origin of the app. */
  readonly baseUrl: string;
}

/**
 * Makes the handler of a browser that is back from Okta. After a login it keeps the claims in the session and redirects
 * to the page that the user wanted. A login that took too long, or whose code cannot be used, is begun again once. Any
 * other failure goes to the error handler: {@link OktaUnavailableError}, a database error, or a {@link ProblemError} with
 * status 400; 403 when Okta refused the user, or the user is not active there; 503 when the directory does not know.
 */
export function loginCallback({
  okta,
  pending,
  recent,
  rules,
  current,
  revocations,
  tokens,
  events,
  baseUrl,
}: LoginServices): RequestHandler {
  async function complete(req: Request, res: Response, login: PendingLogin): Promise<void> {
    const { person: replaced, sessionID: replacedId } = req;
    const claims = await okta.completeLogin(req, res, login);
    if (replaced) {
      const session = sessionHandle(replacedId);
      await events.record({ action: "end", effect: "allow", person: replaced, session, reason: "replaced" }, req);
    }
    const claimed = personFromLogin(claims, rules);
    // With such a login in its session, a browser would be redirected between Okta and this app without end.
    if (!claimed) throw new Error("the claims have no user id");
    const person = await current(claimed);
    if (!person) throw new NotActiveError();
    if (await revocations.isVoid(person.id, new Date(login.at))) throw new RevokedError();
    const session = sessionHandle(req.sessionID);
    await events.record({ action: "login", effect: "allow", person, session, reason: null }, req);
    const sealed = await tokens.seal(req.userContext?.tokens ?? {});
    req.session.login = { at: Date.now(), begunAt: login.at, claims: aboutPerson(claims), tokens: sealed };
    await saveSession(req);
  }

  async function recordFailure(error: Error, req: Request): Promise<void> {
    // After the comma openid-client repeats parameters of the request.
    req.log.warn({ reason: error.message.split(",", 1)[0] }, "login failed");
    const reason = reasonOf(error, req);
    await events.record({ action: "login", effect: "deny", person: null, session: null, reason }, req);
  }

  return async (req, res) => {
    const login = await pending.find(req);
    if (!login) {
      // The browser sent the callback twice.
      if (req.person) return res.redirect("/");
      // Without an answer of Okta's, its middleware would begin a login of its own.
      if (!isAnswer(req)) return res.redirect(loginUrl("/"));
      await recordFailure(new UnknownStateError(), req);
      throw loginFailed(baseUrl);
    }
    // Another tab may have logged in meanwhile.
    const isNeeded = !req.person || (login.maxAge !== undefined && !recent.isRecent(req));
    try {
      if (isNeeded && !isExpired(login)) await complete(req, res, login);
    } catch (error) {
      if (!(error instanceof Error) || isDatabaseUnavailable(error)) throw error;
      if (error instanceof AuthorizationError || error instanceof ProblemError) throw error;
      await recordFailure(error, req);
      // The same address can be tried again.
      if (isNetworkFault(error)) throw new OktaUnavailableError({ cause: error });
      pending.forget(res, login);
      const canBeginAgain = isCodeRefused(error) || error instanceof RevokedError;
      if (canBeginAgain && !login.isRetry && !req.person) return res.redirect(loginUrl(login.returnTo, "retry"));
      if (error instanceof NotActiveError) throw notActive();
      throw req.query.error === "access_denied" ? refusedByOkta(req) : loginFailed(baseUrl);
    }
    pending.forget(res, login);
    res.redirect(isExpired(login) && !req.person ? loginUrl(login.returnTo) : login.returnTo);
  };
}

/** The browser brings an answer to a login that it has not begun. */
class UnknownStateError extends Error {
  constructor() {
    super("no login with this state is under way in this browser");
  }
}

/** Okta has let the user in, who is not active in the directory. */
class NotActiveError extends Error {
  constructor() {
    super("the user is not active in the directory");
  }
}

/** What the user had when the login began has been revoked since, such as the login itself. */
class RevokedError extends Error {
  constructor() {
    super("the user's access was revoked after the login had begun");
  }
}

/** Whether a request has parameters of an authorization response, rather than none or those of RFC 9207 alone. */
function isAnswer(req: Request): boolean {
  return ["code", "error", "state"].some((name) => req.query[name] !== undefined);
}

function reasonOf(error: Error, req: Request): SessionReason {
  if (isNetworkFault(error)) return "okta_unavailable";
  if (error instanceof NotActiveError) return "not_active";
  if (error instanceof RevokedError) return "revoked_meanwhile";
  if (error instanceof UnknownStateError || isCodeRefused(error)) return "not_begun_here";
  return req.query.error === "access_denied" ? "refused_by_okta" : "invalid_tokens";
}

/** The code has been used or has expired, or was issued for another login; or another tab has logged in meanwhile. */
function isCodeRefused(error: Error): boolean {
  // Where a logout has ended a login, none begins by itself.
  if (error instanceof SessionEndedError) return !error.wasLoggedIn;
  return "error" in error && error.error === "invalid_grant";
}

function isNetworkFault(error: Error): boolean {
  if (error instanceof OktaUnavailableError) return true;
  return ("code" in error && /^E[A-Z]+$/.test(String(error.code))) || error.message.includes("request timed out");
}

const MAX_REASON_LENGTH = 200;

/** Only for a login that is under way in this browser: anybody can make a link with a text that Okta has never said. */
function refusedByOkta(req: Request): ProblemError {
  const { error_description: said } = req.query;
  const words = typeof said === "string" ? said.replace(/[\p{C}\s]+/gu, " ").slice(0, MAX_REASON_LENGTH) : "";
  return new ProblemError(
    403,
    "Okta did not let you in",
    `Ask your administrator to assign this application to you.${words && ` Okta says: ${words}`}`,
  );
}

function notActive(): ProblemError {
  return new ProblemError(
    403,
    "You are not active in Okta",
    "Okta does not have you among its active users: you may be suspended or deactivated there, or not activated yet. Ask your administrator.",
  );
}

function loginFailed(baseUrl: string): ProblemError {
  return new ProblemError(
    400,
    "The login was not completed",
    `It may have taken too long, or your browser did not send our cookie. Please log in again, at ${baseUrl} and no other address.`,
  );
}
