import { type RequestHandler, Router } from "express";
import { type SessionEvents, sessionHandle } from "./events.js";
import { localPath, loginPaths } from "./login-paths.js";
import type { OktaConnection } from "./okta-connection.js";
import { endSession, SESSION_COOKIE } from "./session.js";

/**
 * Login through Okta, its callback, and logout.
 *
 * @param okta - the connection whose middleware talks to Okta
 * @param baseUrl - public origin of the app
 * @param limit - rate limit of these routes
 * @param events - takes each logout
 */
export function loginRoutes(
  okta: OktaConnection,
  baseUrl: string,
  limit: RequestHandler,
  events: SessionEvents,
): Router {
  const router = Router();

  router.get(
    loginPaths.login,
    limit,
    (req, res, next) => {
      const returnTo = localPath(req.query.returnTo, baseUrl);
      if (req.person) return res.redirect(returnTo);
      req.session.returnTo = returnTo;
      // At any path, Okta's middleware takes a query with `code` or `state` for the callback.
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
      // The browser sent the callback twice, or another tab has logged in.
      if (req.person) return res.redirect("/");
      // The login replaces the session, and its data is lost.
      res.locals.returnTo = req.session.returnTo;
      next();
    },
    okta.router,
  );

  router.post(loginPaths.logout, limit, async (req, res) => {
    const login = req.session?.passport?.user;
    const { person, sessionID } = req;
    if (req.session) await endSession(req);
    if (person && sessionID) {
      const session = sessionHandle(sessionID);
      await events.record({ action: "logout", effect: "allow", person, session, reason: null }, req);
    }
    res.clearCookie(SESSION_COOKIE);
    await okta.logout(req, res, login);
  });

  return router;
}
