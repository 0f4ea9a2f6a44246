import OktaJwtVerifier from "@okta/jwt-verifier";
import type { Request } from "express";
import { LRUCache } from "lru-cache";
import { UnauthenticatedError } from "../../middleware/index.js";
import type { Config, OktaSettings } from "../config.js";
import { withDeadline } from "../deadline.js";
import { checkApiAccess } from "./api-access.js";
import { type Claims, type Person, personFromAccessToken } from "./claims.js";
import { issuerCheck, withoutHttpsWarning } from "./http-issuer.js";
import { OktaUnavailableError } from "./okta-unavailable.js";
import { type FetchUserinfo, userinfoOf } from "./userinfo.js";

const KEYS_TIMEOUT_MS = 3_000;
const MAX_KEY_REQUESTS_PER_MINUTE = 60;
const USERINFO_CACHE_LIFETIME_MS = 60_000;
const MAX_CACHED_USERINFOS = 1_000;

/**
 * RFC 6750, section 2.1, with a signed JWT (RFC 7515, section 7.1) as the token. A token without a signature must not
 * reach Okta's verifier, which throws where nothing can catch the error and so ends the process.
 */
const BEARER_JWT = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i;

/** Whether a request carries a bearer token. If it does, its session cookie is ignored. */
export function hasBearerToken(req: Request): boolean {
  return /^Bearer\b/i.test(req.get("authorization") ?? "");
}

/**
 * Makes the function that turns a request's access token into the person it was issued for. The token's signature,
 * issuer, audience and times are checked (RFC 9068, section 4), then its client and scopes. Groups that are not in the token come from userinfo,
 * whose answer is kept for a minute.
 *
 * The function throws {@link UnauthenticatedError} when the token is not valid, what {@link checkApiAccess} throws, and
 * {@link OktaUnavailableError} when Okta does not answer in time, so that the token cannot be checked.
 *
 * @param config.audience - the `aud` that tokens must have
 * @param config.apiAccess - which clients and scopes are accepted
 * @param config.claimRules - how the token's claims become a person
 */
export function bearerTokens(
  okta: OktaSettings,
  { audience, apiAccess, claimRules }: Pick<Config, "audience" | "apiAccess" | "claimRules">,
): (req: Request) => Promise<Person> {
  const { issuer } = okta;
  const options = { issuer, jwksRequestsPerMinute: MAX_KEY_REQUESTS_PER_MINUTE, testing: issuerCheck(issuer) };
  const verifier = withoutHttpsWarning(() => new OktaJwtVerifier(options));
  // Whether the last request for keys failed. Beyond its rate limit the verifier sends none, and this is all that is known.
  let keysUnreachable = false;
  const fetchUserinfo: FetchUserinfo = userinfoOf(issuer);
  const userinfoCache = new LRUCache<string, Claims>({
    max: MAX_CACHED_USERINFOS,
    ttl: USERINFO_CACHE_LIFETIME_MS,
    fetchMethod: (token) => fetchUserinfo(token),
  });

  async function claimsOf(token: string): Promise<Claims> {
    const verified = verifier.verifyAccessToken(token, audience);
    // The verifier's own timeout for keys is 30 s.
    const { claims } = await withDeadline(verified, KEYS_TIMEOUT_MS, () => new OktaUnavailableError());
    // The verifier accepts tokens without `exp`, or with one beyond the range of a Date.
    const { exp } = claims as Claims;
    if (typeof exp !== "number" || exp * 1000 <= Date.now()) throw new Error("the token has expired, or never does");
    return claims;
  }

  return async (req) => {
    const token = BEARER_JWT.exec(req.get("authorization") ?? "")?.[1];
    if (!token) throw invalidToken();
    const claims = await claimsOf(token).catch((error: unknown) => {
      const fault = keyFaultIn(error);
      if (fault === "unreachable") keysUnreachable = true;
      if (fault === "unknown") keysUnreachable = false;
      throw fault && keysUnreachable ? new OktaUnavailableError({ cause: error }) : invalidToken(error);
    });
    checkApiAccess(claims, apiAccess);
    const needsUserinfo = claims[claimRules.groupsClaim] === undefined && claims.uid;
    const userinfo = needsUserinfo ? await userinfoCache.fetch(token) : undefined;
    if (userinfo && userinfo.sub !== claims.uid) throw invalidToken();
    const person = personFromAccessToken({ ...userinfo, ...claims }, claimRules);
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

/**
 * What was wrong with the token's key, if that is why the token could not be checked. A key that does not exist makes
 * the token invalid. Keys that cannot be fetched say nothing about it.
 */
function keyFaultIn(error: unknown): "unknown" | "unreachable" | "rate_limited" | undefined {
  if (error instanceof OktaUnavailableError) return "unreachable";
  if (!(error instanceof Error && error.message.startsWith("Error while resolving signing key"))) return undefined;
  const cause = "innerError" in error ? error.innerError : undefined;
  if (!(cause instanceof Error)) return undefined;
  if (cause.name === "SigningKeyNotFoundError") return "unknown";
  return cause.name === "JwksRateLimitError" ? "rate_limited" : "unreachable";
}
