import { Router } from "express";
import { ProblemError } from "../problems.js";
import { type LoginServices, loginCallback } from "./login-callback.js";
import { isOtherLoopbackName, localPath, loginPaths, loginUrl } from "./login-paths.js";

/** As long as an e-mail address (RFC 5321, section 4.5.3.1.3, erratum 1690). */
const MAX_LOGIN_HINT_LENGTH = 254;

/** Login through Okta, and its callback. */
export function loginRoutes(services: LoginServices): Router {
  const { okta, pending, recent, baseUrl } = services;
  const router = Router();

  router.use([loginPaths.login, loginPaths.callback], (req, _res, next) => {
    // Express answers HEAD as it answers GET, which begins or ends a login here.
    if (req.method !== "HEAD") return next();
    const headers = { Allow: "GET" };
    next(new ProblemError(405, "Method not allowed", "A login takes the method GET.", { headers }));
  });

  router.get(loginPaths.login, async (req, res) => {
    const returnTo = localPath(req.query.returnTo);
    if (req.query.moved === undefined && isOtherLoopbackName(req.hostname, baseUrl)) {
      // Okta sends the browser back to the base URL, where it would not send the cookies of this address.
      return res.redirect(baseUrl + loginUrl(returnTo, "moved"));
    }
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
    res.redirect(await okta.authorizationUrl(req, login, isHint ? { login_hint: hint } : {}));
  });

  router.get(loginPaths.callback, loginCallback(services));

  return router;
}
