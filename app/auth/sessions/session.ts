import type { Request, RequestHandler, Response } from "express";
import session from "express-session";
import type { Config } from "../../config.js";
import type { Db } from "../../db/database.js";
import { type Claims, personFromLogin } from "../claims.js";
import { cookieRules } from "../cookies.js";
import type { SessionEvents } from "../events.js";
import { hasBearerToken } from "../tokens/bearer.js";
import { handleOf } from "./hash.js";
import { SessionStore, type StoreOptions } from "./store.js";

/** What a login leaves in the session. */
export interface Login {
  /** Time of the login, in ms since 1970. */
  readonly at: number;
  /** When the browser was sent to Okta for it, in ms since 1970. Earlier versions of the app did not note it. */
  readonly begunAt?: number;
  /** What ID token and userinfo together say about the person; see {@link aboutPerson}. */
  readonly claims: Claims;
  /** The tokens for the logout, encrypted; see {@link LogoutTokens}. */
  readonly tokens: string;
}

declare module "express-session" {
  interface SessionData {
    login: Login;
    /** A message that the page at a path shows, once. */
    notice: { readonly path: string; readonly text: string };
    /** Written by passport inside Okta's middleware, with all tokens. It is not stored. */
    passport: unknown;
  }
}

/** Without the prefix of {@link cookieRules}. */
const COOKIE_NAME = "gatehouse.sid";

/**
 * How long a login is valid. Without a directory, groups are those of the login, so this bounds how long a user keeps a role
 * that was taken away in Okta.
 */
const LOGIN_LIFETIME_MS = 8 * 60 * 60_000;
/** How long a browser may take to log in. */
const LIFETIME_BEFORE_LOGIN_MS = 15 * 60_000;

/**
 * Sessions in the database, for browsers. A request with a bearer token has no session: its `req.session` is undefined.
 *
 * The cookie follows {@link cookieRules}. It has no time of expiry: the database knows when a session ends. Were there one,
 * each answer that changes the session would set the cookie again, also after a logout that has overtaken it.
 *
 * @param secret - signs the cookie; the same for all processes
 * @param addressOf - the network address that a request comes from
 * @param events - takes each session that has ended by itself
 * @param hasDirectory - whether roles are not those that logins have said
 */
export function browserSessions(
  { baseUrl, sessionIdleMinutes, claimRules }: Config,
  db: Db,
  secret: string,
  addressOf: StoreOptions["addressOf"],
  events: SessionEvents,
  hasDirectory: boolean,
): RequestHandler {
  const store = new SessionStore(db, {
    lifetimeMs: ({ login }) => (login ? login.at + LOGIN_LIFETIME_MS - Date.now() : LIFETIME_BEFORE_LOGIN_MS),
    idleMs: sessionIdleMinutes * 60_000,
    addressOf,
    onExpired({ hash, data, isTooOld }) {
      const claimed = data.login && personFromLogin(data.login.claims, claimRules);
      if (!claimed) return;
      const person = hasDirectory ? { id: claimed.id, roles: [] } : claimed;
      const reason = isTooOld ? "too_old" : "idle";
      events.record({ action: "end", effect: "allow", person, session: handleOf(hash), reason }, null);
    },
  });
  const { prefix, options } = cookieRules(baseUrl.startsWith("https:"));
  const sessions = session({
    name: prefix + COOKIE_NAME,
    secret,
    store,
    resave: false,
    saveUninitialized: false,
    cookie: options,
  });
  return (req, res, next) => {
    if (hasBearerToken(req)) next();
    else sessions(req, res, next);
  };
}

/** The login of a request's session; `undefined` when there is none. */
export function loginOf(req: Request): Login | undefined {
  return req.session?.login;
}

/**
 * Writes a session to the database now. Every answer writes it at its end, but by then a browser may already follow the
 * answer's redirect, and that request would read the old session.
 */
export function saveSession(req: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.save((error) => (error ? reject(error) : resolve()));
  });
}

/**
 * Ends a session: in the database first, so that it is over even if the answer does not arrive. Then the browser forgets
 * its cookie.
 */
export async function endSession(req: Request, res: Response): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    req.session.destroy((error) => (error ? reject(error) : resolve()));
  });
  const { prefix, options } = cookieRules(req.secure);
  res.clearCookie(prefix + COOKIE_NAME, options);
}
