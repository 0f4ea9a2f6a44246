import type { Request, RequestHandler } from "express";
import type { ClaimRules } from "../config.js";
import { type Person, personFromLogin } from "./claims.js";
import { loginOf } from "./sessions/session.js";
import { hasBearerToken } from "./tokens/bearer.js";

declare global {
  namespace Express {
    interface Request {
      /** The person who is logged in; absent when nobody is. */
      person?: Person;
    }
  }
}

/**
 * Sets `req.person`: the person for whom the request's access token was issued or, without a token, the person who
 * logged in to its session. A token that is not valid is refused; the session is not used in its place.
 *
 * @param rules - how the claims of a login become a person
 * @param fromToken - finds the person of an access token; see {@link bearerTokens}
 */
export function identify(rules: ClaimRules, fromToken: (req: Request) => Promise<Person>): RequestHandler {
  return async (req, _res, next) => {
    const login = loginOf(req);
    const person = hasBearerToken(req) ? await fromToken(req) : login && personFromLogin(login.claims, rules);
    if (person) req.person = person;
    next();
  };
}
