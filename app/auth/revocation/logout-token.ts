import { errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import { isStorable } from "../../db/database.js";
import { withDeadline } from "../../deadline.js";
import { OktaUnavailableError } from "../okta-unavailable.js";

/** The header `typ` of such a token. */
const TYPE = "global-token-revocation+jwt";
/** How old a token may be, whatever it says of its end. In seconds. */
const MAX_AGE_SECONDS = 10 * 60;
/** How far clocks may differ. */
const CLOCK_TOLERANCE_SECONDS = 5;
const KEYS_TIMEOUT_MS = 3_000;
/** Authentication by a bearer token (RFC 6750, section 2.1). */
const BEARER_JWT = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i;

const claimsShape = z.object({ jti: z.string().min(1).max(255).refine(isStorable), iat: z.number() });

/** What the token of a request has to be. */
export interface LogoutTokenRules {
  /** The organization's origin, which signs it. */
  readonly org: string;
  /** The application's client id, which it is about. */
  readonly clientId: string;
  /** The address that it is for. */
  readonly audience: string;
}

/** A token that has passed all checks but one: that its id was not used before. */
export interface LogoutToken {
  readonly jti: string;
  /** From when on it is refused as too old. */
  readonly expiresAt: Date;
}

/**
 * Makes the function that checks the token by which Okta authenticates a request to log a user out (Okta, "Build Universal
 * Logout"): its type, signature, issuer, subject, audience and times (RFC 7519, section 4.1).
 *
 * The function returns `undefined` when it is not Okta's for this application, or none is sent. It throws
 * {@link OktaUnavailableError} when the keys cannot be fetched, so that nothing can be said.
 *
 * @param keys - the organization's signing keys
 */
export function logoutTokenCheck(
  { org, clientId, audience }: LogoutTokenRules,
  keys: JWTVerifyGetKey,
): (authorization: string | undefined) => Promise<LogoutToken | undefined> {
  const rules = {
    ...{ typ: TYPE, algorithms: ["RS256"], issuer: org, subject: clientId, audience },
    ...{ requiredClaims: ["jti", "iat", "exp"], maxTokenAge: MAX_AGE_SECONDS, clockTolerance: CLOCK_TOLERANCE_SECONDS },
  };
  return async (authorization = "") => {
    const token = BEARER_JWT.exec(authorization)?.[1];
    if (!token) return undefined;
    try {
      const verified = jwtVerify(token, keys, rules);
      const { payload } = await withDeadline(verified, KEYS_TIMEOUT_MS, () => new OktaUnavailableError());
      const { jti, iat } = claimsShape.parse(payload);
      return { jti, expiresAt: new Date((iat + MAX_AGE_SECONDS + CLOCK_TOLERANCE_SECONDS + 1) * 1_000) };
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof z.ZodError) return undefined;
      throw error;
    }
  };
}
