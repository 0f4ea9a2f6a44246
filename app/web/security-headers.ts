import type { RequestHandler, Response } from "express";
import helmet from "helmet";

/**
 * Security headers. Pages carry no inline style and, but for {@link ownScript}, no script, and may be framed by nobody.
 *
 * @param baseUrl - public origin of the app; browsers are told to insist on https when it is https
 * @param oktaIssuer - logging out ends at Okta, and browsers count that redirect as part of the form's submission
 */
export function securityHeaders(baseUrl: string, oktaIssuer: string): RequestHandler {
  const https = baseUrl.startsWith("https:");
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'", new URL(oktaIssuer).origin],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        ...(https && { upgradeInsecureRequests: [] }),
      },
    },
    strictTransportSecurity: https,
    xFrameOptions: { action: "deny" },
    referrerPolicy: { policy: "same-origin" },
  });
}

/** Lets a page run a script of the app's own, and that script talk to the app. No page needs one to work. */
export function ownScript(res: Response): void {
  res.set("Content-Security-Policy", `${res.get("Content-Security-Policy")};script-src 'self';connect-src 'self'`);
}

/** What people see of contacts does not belong into caches, nor behind the back button after logging out. */
export const noStore: RequestHandler = (_req, res, next) => {
  res.set("Cache-Control", "no-store");
  next();
};
