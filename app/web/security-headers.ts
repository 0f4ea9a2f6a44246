import type { RequestHandler, Response } from "express";
import helmet from "helmet";

/**
 * Security headers. Pages carry no inline style and, except after {@link allowOwnScript}, no script. No site may frame them.
 *
 * @param baseUrl - public origin of the app; when it is https, browsers are told to use nothing else
 */
export function securityHeaders(baseUrl: string): RequestHandler {
  const https = baseUrl.startsWith("https:");
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'"],
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

/**
 * Lets a page run the app's scripts, and these send requests to the app. Every page works without scripts, too. It may be
 * called more than once for a page.
 */
export function allowOwnScript(res: Response): void {
  const policy = String(res.get("Content-Security-Policy"));
  // Browsers complain of a directive that comes twice.
  if (!policy.includes("script-src")) {
    res.set("Content-Security-Policy", `${policy};script-src 'self';connect-src 'self'`);
  }
}

/** Keeps answers out of caches, so that the back button does not show contacts after a logout. */
export const noStore: RequestHandler = (_req, res, next) => {
  res.set("Cache-Control", "no-store");
  next();
};
