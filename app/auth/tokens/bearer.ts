import type { Request } from "express";
import { type JWTVerifyOptions, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { UnauthenticatedError } from "../../../middleware/index.js";
import type { Config, OktaSettings } from "../../config.js";
import { withDeadline } from "../../deadline.js";
import { type Claims, type Person, personFromAccessToken } from "../claims.js";
import { OktaUnavailableError } from "../okta-unavailable.js";
import { checkApiAccess } from "./api-access.js";
import { signingKeys } from "./signing-keys.js";
import { type Userinfo, userinfoOf } from "./userinfo.js";

const KEYS_TIMEOUT_MS = 3_000;
const USERINFO_CACHE_LIFETIME_MS = 60_000;
const MAX_CACHED_USERINFOS = 1_000;

/** RFC 6750, section 2.1, with a signed JWT (RFC 7515, section 7.1) as the token. */
const BEARER_JWT = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i;

/** Whether a request carries a bearer token. If it does, its session cookie is ignored. */
export function hasBearerToken(req: Request): boolean {
  return /^Bearer\b/i.test(req.get("authorization") ?? "");
}

/**
 * Makes the function that turns a request's access token into the person it was issued for. The token's signature,
 * issuer, audience and times are checked (RFC 9068, section 4), then its client and scopes. Groups that are needed and not in
 * the token come from userinfo, whose answer is kept for a minute.
 *
 * The function throws {@link UnauthenticatedError} when the token is not valid, what {@link checkApiAccess} throws, and
 * {@link OktaUnavailableError} when Okta does not answer in time, so that the token cannot be checked.
 *
 * @param config.audience - the `aud` that tokens must have
 * @param config.apiAccess - which clients and scopes are accepted
 * @param config.claimRules - how the token's claims become a person
 * @param areGroupsNeeded - whether a user's roles come from claims, and not from a directory
 */
export function bearerTokens(
  okta: OktaSettings,
  { audience, apiAccess, claimRules }: Pick<Config, "audience" | "apiAccess" | "claimRules">,
  areGroupsNeeded: boolean,
): (req: Request) => Promise<Person> {
  const { issuer } = okta;
  const keys = signingKeys(issuer);
  const options: JWTVerifyOptions = { issuer, audience, algorithms: ["RS256"], requiredClaims: ["exp"] };
  const fetchUserinfo = userinfoOf(issuer);
  const userinfoCache = new LRUCache<string, Userinfo>({
    max: MAX_CACHED_USERINFOS,
    ttl: USERINFO_CACHE_LIFETIME_MS,
    fetchMethod: (token) => fetchUserinfo(token),
  });

  async function claimsOf(token: string): Promise<Claims> {
    const verified = jwtVerify(token, keys, options);
    const { payload } = await withDeadline(verified, KEYS_TIMEOUT_MS, () => new OktaUnavailableError());
    return payload;
  }

  /** What userinfo says of a token's user: nothing if the token does not give access to it. */
  async function moreClaimsOf(token: string, userId: unknown): Promise<Claims> {
    const userinfo = await userinfoCache.fetch(token);
    // The cache gives up on an answer when it gets full meanwhile.
    if (userinfo === undefined) throw new OktaUnavailableError();
    if (userinfo === "no_access") return {};
    if (userinfo === "invalid_token" || userinfo.sub !== userId) throw invalidToken();
    return userinfo;
  }

  return async (req) => {
    const token = BEARER_JWT.exec(req.get("authorization") ?? "")?.[1];
    if (!token) throw invalidToken();
    const claims = await claimsOf(token).catch((error: unknown) => {
      throw error instanceof OktaUnavailableError ? error : invalidToken(error);
    });
    checkApiAccess(claims, apiAccess);
    const needsUserinfo = areGroupsNeeded && claims[claimRules.groupsClaim] === undefined && claims.uid;
    const more = needsUserinfo ? await moreClaimsOf(token, claims.uid) : {};
    const person = personFromAccessToken({ ...more, ...claims }, claimRules);
    if (!person) throw invalidToken();
    return person;
  };
}

function invalidToken(cause?: unknown): UnauthenticatedError {
  return new UnauthenticatedError("The access token is missing, malformed, expired, or not meant for this service.", {
    challenge: 'Bearer error="invalid_token"',
    cause,
  });
}
