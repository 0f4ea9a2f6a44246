import type { Request, RequestHandler, Response } from "express";
import { UnauthenticatedError } from "../../middleware/index.js";
import type { ClaimRules } from "../config.js";
import { type Person, personFromLogin } from "./claims.js";
import type { CurrentPerson } from "./current-person.js";
import { loginPaths } from "./login-paths.js";
import type { Revocations } from "./revocation/revocations.js";
import { endSession, loginOf } from "./sessions/session.js";
import { hasBearerToken } from "./tokens/bearer.js";

declare global {
  namespace Express {
    interface Request {
      /** The person who is logged in; absent when nobody is. */
      person?: Person;
    }
  }
}

/** What {@link identify} works with. */
export interface Identification {
  /** How the claims of a login become a person. */
  readonly rules: ClaimRules;
  /** Finds who the bearer of a request's access token is now; see `currentBearer`. */
  readonly fromToken: (req: Request) => Promise<Person>;
  /** Says who the user of a session is now. */
  readonly current: CurrentPerson;
  /** Ends the access of a user who is not active any more. */
  readonly revocations: Pick<Revocations, "revoke">;
}

/**
 * Sets `req.person`: the person for whom the request's access token was issued or, without a token, the person who
 * logged in to its session. A token that is not valid is refused; the session is not used in its place. When the user is not
 * active any more, the request is refused, and all of their sessions end.
 */
export function identify({ rules, fromToken, current, revocations }: Identification): RequestHandler {
  async function fromSession(req: Request, res: Response): Promise<Person | undefined> {
    const login = loginOf(req);
    const claimed = login && personFromLogin(login.claims, rules);
    if (!claimed) return undefined;
    // A user can log out whatever the directory says, and while it is too old to say anything. What the login said gives no
    // roles then.
    if (isLogout(req)) return (await current(claimed).catch(() => null)) ?? { ...claimed, groups: [], roles: [] };
    const person = await current(claimed);
    if (person) return person;
    await revocations.revoke([{ personId: claimed.id, reason: "not_active" }], req);
    await endSession(req, res);
    throw new UnauthenticatedError("You are logged out, as you are not active in Okta any more.");
  }

  return async (req, res, next) => {
    const person = await (hasBearerToken(req) ? fromToken(req) : fromSession(req, res));
    if (person) req.person = person;
    next();
  };
}

function isLogout({ method, path }: Request): boolean {
  const paths: readonly string[] = [loginPaths.logout, loginPaths.logoutEverywhere];
  return method === "POST" && paths.includes(path);
}
