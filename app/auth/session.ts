import connectPgSimple from "connect-pg-simple";
import type { Request, RequestHandler } from "express";
import session from "express-session";
import type pg from "pg";
import type { Config } from "../config.js";
import type { SqlPool } from "../db/database.js";
import { hasBearerToken } from "./bearer.js";
import type { Claims } from "./claims.js";

/** What a login leaves in the session. */
export interface Login {
  /** When, in ms since 1970. */
  readonly at: number;
  /** Of the ID token and userinfo together. */
  readonly claims: Claims;
}

declare module "express-session" {
  interface SessionData {
    login: Login;
    /** Path to go to after the login that is under way. */
    returnTo: string;
    /** Shown on the next page, once. */
    notice: string;
    /** Written by passport inside Okta's middleware. */
    passport: { user?: { tokens: Readonly<Record<string, unknown>> } };
  }
}

export const SESSION_COOKIE = "gatehouse.sid";

/**
 * How long a login is valid. Groups are read at the login, so this bounds how long a user keeps a role that was taken
 * away in Okta.
 */
const LOGIN_LIFETIME_MS = 8 * 60 * 60 * 1000;

/**
 * Sessions in the database, for browsers. Requests with a bearer token get none: their `req.session` stays undefined.
 *
 * The cookie is HttpOnly, SameSite=Lax, and Secure when the app's public address is https.
 */
export function browserSessions(config: Config, pool: SqlPool, secret: string): RequestHandler {
  const Store = connectPgSimple(session);
  // PGlite has the one method that the store calls, which is all that the cast claims.
  const store = new Store({ pool: pool as pg.Pool, disableTouch: true, errorLog: () => {} });
  const sessions = session({
    name: SESSION_COOKIE,
    secret,
    store,
    resave: false,
    saveUninitialized: false,
    cookie: {
      httpOnly: true,
      sameSite: "lax",
      secure: config.baseUrl.startsWith("https:"),
      maxAge: LOGIN_LIFETIME_MS,
    },
  });
  return (req, res, next) => {
    if (hasBearerToken(req)) next();
    else sessions(req, res, next);
  };
}

/** The login of a request's session, unless it is too old to count. */
export function loginOf(req: Request): Login | undefined {
  const login = req.session?.login;
  return login && Date.now() - login.at < LOGIN_LIFETIME_MS ? login : undefined;
}

/**
 * Writes a session to the database now. It is written at the end of every answer anyway, but by then a browser may
 * already be following the answer's redirect, and find the session as it was.
 */
export function saveSession(req: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.save((error) => (error ? reject(error) : resolve()));
  });
}

/** Ends a session: in the database first, so that it is over even if the answer never arrives. */
export function endSession(req: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.destroy((error) => (error ? reject(error) : resolve()));
  });
}
