import type { Request } from "express";
import { UnauthenticatedError } from "../../middleware/index.js";
import { type Claims, isOfService, type Person } from "./claims.js";
import type { Revocations } from "./revocation/revocations.js";

/**
 * Looks up the current state of a user. `app.ts` hands in the directory's answer; without a directory it is what the claims
 * of the login or access token say.
 *
 * @param claimed - the user as the claims describe them
 * @returns `null` when the user is not active: suspended, deactivated or deleted in Okta, or not known there
 * @throws ProblemError 503 when that cannot be said
 */
export type CurrentPerson = (claimed: Person) => Promise<Person | null>;

/**
 * Makes the function that finds who the bearer of a request's access token is now. A service, which has got its token for
 * itself, is no user and not in the directory: it is what its token says, for as long as the token is valid.
 *
 * The function throws what the others throw, and {@link UnauthenticatedError} when the user is not active any more, or what
 * they had when the token was issued has been revoked.
 *
 * @param fromToken - finds the person whom an access token was issued for; see `bearerTokens`
 */
export function currentBearer(
  fromToken: (req: Request) => Promise<Person>,
  current: CurrentPerson,
  revocations: Pick<Revocations, "isVoid">,
): (req: Request) => Promise<Person> {
  return async (req) => {
    const claimed = await fromToken(req);
    if (await revocations.isVoid(claimed.id, issuedAt(claimed.claims))) {
      throw invalidToken("The access token was issued before the access of its user was revoked.");
    }
    if (isOfService(claimed.claims)) return claimed;
    const person = await current(claimed);
    if (!person) throw invalidToken("The user whom the access token was issued for is not active in Okta.");
    return person;
  };
}

/** When a token was issued: `iat` (RFC 9068, section 2.2), in whole seconds. `undefined`: it does not say so. */
function issuedAt({ iat }: Claims): Date | undefined {
  return typeof iat === "number" ? new Date(iat * 1_000) : undefined;
}

function invalidToken(why: string): UnauthenticatedError {
  return new UnauthenticatedError(why, { challenge: 'Bearer error="invalid_token"' });
}
