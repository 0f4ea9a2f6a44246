import type { Request, RequestHandler } from "express";
import { asError, RequestAuthorization } from "./authz.js";
import type { Pdp, Principal } from "./types.js";

declare global {
  namespace Express {
    interface Request {
      /** Set by `authorization()`. */
      authz: RequestAuthorization;
    }
  }
}

/** Settings of {@link authorization}. */
export interface AuthorizationOptions {
  /** Who decides; see {@link cerbos}. */
  readonly pdp: Pdp;
  /**
   * Who asks: the principal of a request, or `null` when nobody is logged in. Called once for each request, public
   * pages included. What it throws is passed to `next()`: throw {@link UnauthenticatedError} for a bad token.
   */
  readonly principal: (req: Request) => Principal | null | Promise<Principal | null>;
}

/**
 * Puts `req.authz` on every request. Use it once, after whatever logs people in and before the routes.
 *
 * @throws TypeError at once when an option is missing
 */
export function authorization(options: AuthorizationOptions): RequestHandler {
  const { pdp, principal } = options;
  if (typeof pdp?.check !== "function" || typeof pdp.plan !== "function") {
    throw new TypeError("authorization(): pdp is missing; see cerbos().");
  }
  if (typeof principal !== "function") throw new TypeError("authorization(): principal must be a function of req.");
  return async (req, _res, next) => {
    try {
      req.authz = new RequestAuthorization(pdp, (await principal(req)) ?? null);
    } catch (error) {
      next(asError(error));
      return;
    }
    next();
  };
}
