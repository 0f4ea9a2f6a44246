import { isDeepStrictEqual } from "node:util";
import type { Request } from "express";
import type { Person } from "./claims.js";
import type { PersonSessions } from "./sessions/own-sessions.js";
import { hasBearerToken } from "./tokens/bearer.js";

/**
 * Finds those of some requests that are still those of the same person, with the same roles: their sessions have not ended,
 * their access tokens have not expired. For requests that go on for long.
 *
 * @throws what the database throws; nothing is known of any request then
 */
export type StillLoggedIn = (requests: readonly Request[]) => Promise<ReadonlySet<Request>>;

/**
 * @param fromToken - finds the person of an access token; see `bearerTokens`
 */
export function stillLoggedIn(sessions: PersonSessions, fromToken: (req: Request) => Promise<Person>): StillLoggedIn {
  /** A token that cannot be checked now counts as one that is not valid. */
  async function hasToken(req: Request): Promise<boolean> {
    const person = await fromToken(req).catch(() => undefined);
    return person !== undefined && isDeepStrictEqual(decisiveOf(person), decisiveOf(req.person));
  }

  return async (requests) => {
    const withSession = requests.filter((req) => !hasBearerToken(req));
    const alive = await sessions.alive(withSession.map(({ sessionID }) => sessionID));
    const isStill = await Promise.all(
      requests.map((req) => (hasBearerToken(req) ? hasToken(req) : alive.has(req.sessionID))),
    );
    return new Set(requests.filter((_, n) => isStill[n]));
  };
}

/** What decisions about a person depend on. */
function decisiveOf(person: Person | undefined) {
  return person && { id: person.id, roles: person.roles, department: person.department };
}
