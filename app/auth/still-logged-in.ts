import { isDeepStrictEqual } from "node:util";
import type { Request } from "express";
import type { Person } from "./claims.js";
import type { CurrentPerson } from "./current-person.js";
import type { PersonSessions } from "./sessions/own-sessions.js";
import { hasBearerToken } from "./tokens/bearer.js";

/**
 * Finds those of some requests that are still those of the same person, with the same roles: their sessions have not ended,
 * their access tokens have not expired, and they are active in Okta. For requests that go on for long.
 *
 * @throws what the database throws; nothing is known of any request then
 */
export type StillLoggedIn = (requests: readonly Request[]) => Promise<ReadonlySet<Request>>;

/**
 * @param fromToken - finds who the bearer of an access token is now; see `currentBearer`
 * @param current - says who the user of a session is now
 */
export function stillLoggedIn(
  sessions: PersonSessions,
  fromToken: (req: Request) => Promise<Person>,
  current: CurrentPerson,
): StillLoggedIn {
  /** A user who cannot be looked up now counts as logged out, as does the bearer of a token that cannot be checked. */
  async function isSame(req: Request): Promise<boolean> {
    if (!req.person) return false;
    const person = await (hasBearerToken(req) ? fromToken(req) : current(req.person)).catch(() => null);
    return person !== null && isDeepStrictEqual(decisiveOf(person), decisiveOf(req.person));
  }

  return async (requests) => {
    const withSession = requests.filter((req) => !hasBearerToken(req));
    const alive = await sessions.alive(withSession.map(({ sessionID }) => sessionID));
    const isStill = await Promise.all(
      requests.map((req) => (hasBearerToken(req) || alive.has(req.sessionID)) && isSame(req)),
    );
    return new Set(requests.filter((_, n) => isStill[n]));
  };
}

/** What decisions about a person depend on. */
function decisiveOf({ id, roles, department, directory }: Person) {
  return { id, roles, department, attributes: directory?.attributes };
}
