import OktaJwtVerifier from "@okta/jwt-verifier";
import type { Request } from "express";
import { LRUCache } from "lru-cache";
import { UnauthenticatedError } from "../../middleware/index.js";
import type { ClaimRules, OktaSettings } from "../config.js";
import { withDeadline } from "../deadline.js";
import { type Claims, type Person, personFromAccessToken } from "./claims.js";
import { OktaUnavailableError } from "./okta-unavailable.js";
import { type FetchUserinfo, userinfoOf } from "./userinfo.js";

const KEYS_TIMEOUT_MS = 3_000;
const MAX_KEY_REQUESTS_PER_MINUTE = 60;

/**
 * RFC 6750, section 2.1, with a signed JWT (RFC 7515, section 7.1) as the token. One without a signature must not get
 * as far as Okta's verifier: there it throws where nothing can catch it, and takes the process down.
 */
const BEARER_JWT = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i;

/** Whether a request says itself who makes it, so that a cookie does not count. */
export function hasBearerToken(req: Request): boolean {
  return /^Bearer\b/i.test(req.get("authorization") ?? "");
}

/**
 * Makes the function that turns a request's access token into the person it was issued for. The token's signature,
 * issuer, audience and times are checked (RFC 9068, section 4); groups that are not in the token are asked of userinfo
 * and remembered for a minute.
 *
 * The function throws {@link UnauthenticatedError} when the token does not hold, and {@link OktaUnavailableError} when
 * that cannot be found out.
 */
export function bearerTokens(
  okta: OktaSettings,
  audience: string,
  rules: ClaimRules,
): (req: Request) => Promise<Person> {
  const verifier = new OktaJwtVerifier({
    issuer: okta.issuer,
    jwksRequestsPerMinute: MAX_KEY_REQUESTS_PER_MINUTE,
    testing: { disableHttpsCheck: okta.issuer.startsWith("http:") },
  });
  // Whether the last request for keys failed: past its limit the verifier makes none, and cannot tell by itself.
  let keysOutOfReach = false;
  const fetchUserinfo: FetchUserinfo = userinfoOf(okta.issuer);
  const userinfo = new LRUCache<string, Claims>({
    max: 1_000,
    ttl: 60_000,
    fetchMethod: (token) => fetchUserinfo(token),
  });

  async function claimsOf(token: string): Promise<Claims> {
    const verified = verifier.verifyAccessToken(token, audience);
    // Left to itself the verifier waits 30 s for keys.
    const { claims } = await withDeadline(verified, KEYS_TIMEOUT_MS, () => new OktaUnavailableError());
    // The verifier checks `exp` only where there is one, and one that a Date can hold.
    const { exp } = claims as Claims;
    if (typeof exp !== "number" || exp * 1000 <= Date.now()) throw new Error("the token has expired, or never does");
    return claims;
  }

  return async (req) => {
    const token = BEARER_JWT.exec(req.get("authorization") ?? "")?.[1];
    if (!token) throw invalidToken();
    const claims = await claimsOf(token).catch((error: unknown) => {
      const fault = keyFaultIn(error);
      if (fault === "unreachable") keysOutOfReach = true;
      if (fault === "unknown") keysOutOfReach = false;
      throw fault && keysOutOfReach ? new OktaUnavailableError({ cause: error }) : invalidToken(error);
    });
    const more = claims[rules.groupsClaim] === undefined && claims.uid ? await userinfo.fetch(token) : undefined;
    if (more && more.sub !== claims.uid) throw invalidToken();
    const person = personFromAccessToken({ ...more, ...claims }, rules);
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
 * What was wrong with the token's key, if that is why the token could not be checked. A key that does not exist speaks
 * against the token; keys that cannot be fetched do not.
 */
function keyFaultIn(error: unknown): "unknown" | "unreachable" | "not_asked" | undefined {
  if (error instanceof OktaUnavailableError) return "unreachable";
  if (!(error instanceof Error && error.message.startsWith("Error while resolving signing key"))) return undefined;
  const cause = "innerError" in error ? error.innerError : undefined;
  if (!(cause instanceof Error)) return undefined;
  if (cause.name === "SigningKeyNotFoundError") return "unknown";
  return cause.name === "JwksRateLimitError" ? "not_asked" : "unreachable";
}
