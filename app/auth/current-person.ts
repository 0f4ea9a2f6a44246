import type { Request } from "express";
import { UnauthenticatedError } from "../../middleware/index.js";
import { isOfService, type Person } from "./claims.js";

/**
 * Says who somebody is now, whom a login or an access token has named. `app.ts` hands in the directory's answer; without a
 * directory it is what the login or the token said.
 *
 * @returns `null` when they are nobody any more: suspended, deactivated or deleted in Okta, or not known there
 * @throws ProblemError 503 when it is not known
 */
export type CurrentPerson = (told: Person) => Promise<Person | null>;

/**
 * Makes the function that finds who the bearer of a request's access token is now. A service, which has got its token for
 * itself, is no user and not in the directory: it is what its token says, for as long as the token is valid.
 *
 * The function throws what the others throw, and {@link UnauthenticatedError} when the user is nobody any more.
 *
 * @param fromToken - finds the person whom an access token was issued for; see `bearerTokens`
 */
export function currentBearer(
  fromToken: (req: Request) => Promise<Person>,
  current: CurrentPerson,
): (req: Request) => Promise<Person> {
  return async (req) => {
    const told = await fromToken(req);
    if (isOfService(told.claims)) return told;
    const person = await current(told);
    if (!person) {
      throw new UnauthenticatedError("The user whom the access token was issued for is not active in Okta.", {
        challenge: 'Bearer error="invalid_token"',
      });
    }
    return person;
  };
}
