import type { Request, RequestHandler } from "express";
import type { ClaimRules } from "../config.js";
import { hasBearerToken } from "./bearer.js";
import { type Person, personFromLogin } from "./claims.js";
import { loginOf } from "./session.js";

declare global {
  namespace Express {
    interface Request {
      /** Who is logged in; absent when nobody is. */
      person?: Person;
    }
  }
}

/**
 * Finds out who makes a request: the bearer of its access token or, without one, the person whose login its session
 * holds. A token that does not hold is refused, never passed over in favour of a session.
 *
 * @param fromToken - see {@link bearerTokens}
 */
export function identify(rules: ClaimRules, fromToken: (req: Request) => Promise<Person>): RequestHandler {
  return async (req, _res, next) => {
    const login = loginOf(req);
    const person = hasBearerToken(req) ? await fromToken(req) : login && personFromLogin(login.claims, rules);
    if (person) req.person = person;
    next();
  };
}
