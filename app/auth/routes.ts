import { type RequestHandler, Router } from "express";
import { wantsHtml } from "../../middleware/index.js";
import type { ClaimRules } from "../config.js";
import { type SessionEvents, sessionHandle } from "./events.js";
import { sendOnwardPage } from "./login/onward-page.js";
import type { PendingLogins } from "./login/pending-login.js";
import type { RecentLogins } from "./login/recent-login.js";
import { loginCallback } from "./login-callback.js";
import { localPath, loginPaths } from "./login-paths.js";
import type { OktaConnection } from "./okta-connection.js";
import { endSession } from "./sessions/session.js";

/** As long as an e-mail address (RFC 5321, section 4.5.3.1.3, erratum 1690). */
const MAX_LOGIN_HINT_LENGTH = 254;

const loggedOut = { title: "You are logged out", detail: "Okta logs you out as well in a moment." };

/**
 * Login through Okta, its callback, and logout.
 *
 * @param okta - the connection whose middleware talks to Okta
 * @param pending - remembers which logins a browser has begun
 * @param recent - how recent some logins must be
 * @param rules - how the claims of a login become a person
 * @param limit - rate limit of these routes
 * @param events - takes each login that was completed or has failed, and each logout
 */
export function loginRoutes(
  okta: OktaConnection,
  pending: PendingLogins,
  recent: RecentLogins,
  rules: ClaimRules,
  limit: RequestHandler,
  events: SessionEvents,
): Router {
  const router = Router();

  router.get(loginPaths.login, limit, async (req, res) => {
    const returnTo = localPath(req.query.returnTo);
    const hasToBeRecent = req.query.recent !== undefined;
    if (req.person && (!hasToBeRecent || recent.isRecent(req))) return res.redirect(returnTo);
    // While Okta is down, the browser stays here and gets our error page.
    await okta.ping();
    const login = await pending.begin(req, res, {
      returnTo,
      isRetry: req.query.retry !== undefined,
      maxAge: hasToBeRecent ? recent.maxAge : undefined,
    });
    const hint = req.person?.email ?? req.query.login_hint;
    const isHint = typeof hint === "string" && hint.length <= MAX_LOGIN_HINT_LENGTH;
    res.redirect(await okta.authorizationUrl(req, login, isHint ? hint : undefined));
  });

  router.get(loginPaths.callback, limit, loginCallback(okta, pending, recent, rules, events));

  router.post(loginPaths.logout, limit, async (req, res) => {
    const login = req.session?.passport?.user;
    const { person, sessionID } = req;
    if (req.session) await endSession(req, res);
    if (person && sessionID) {
      const session = sessionHandle(sessionID);
      await events.record({ action: "logout", effect: "allow", person, session, reason: null }, req);
    }
    pending.forgetAll(req, res);
    const url = login && (await okta.logout(req, login));
    if (url && wantsHtml(req)) sendOnwardPage(res, url, loggedOut);
    else res.redirect(url ?? loginPaths.afterLogout);
  });

  return router;
}
