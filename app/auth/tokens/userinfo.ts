import { z } from "zod";
import type { Claims } from "../claims.js";
import { getFromOkta } from "../okta-request.js";
import { OktaUnavailableError } from "../okta-unavailable.js";

const USERINFO_TIMEOUT_MS = 3_000;
const claimsSchema = z.record(z.string(), z.unknown());

/** What userinfo answers: the user's claims, that the token does not give access to them, or that it is not valid. */
export type Userinfo = Claims | "no_access" | "invalid_token";

/** Asks userinfo about the bearer of an access token. */
export type FetchUserinfo = (accessToken: string) => Promise<Userinfo>;

/**
 * Makes a function that asks an authorization server's userinfo endpoint (OpenID Connect Core 1.0, section 5.3), and
 * waits 3,000 ms at most.
 *
 * The answer is `no_access` for a token without the scope `openid`, and `invalid_token` when Okta refuses the token, because
 * it was revoked for instance. The function throws {@link OktaUnavailableError} when there is no usable answer.
 *
 * @param issuer - of the authorization server, without a slash at the end
 */
export function userinfoOf(issuer: string): FetchUserinfo {
  return async (accessToken) => {
    const authorization = `Bearer ${accessToken}`;
    const response = await getFromOkta(`${issuer}/v1/userinfo`, USERINFO_TIMEOUT_MS, { authorization });
    if (response.status === 401) return "invalid_token";
    if (response.status === 403) return "no_access";
    const claims = claimsSchema.safeParse(await response.json().catch(() => undefined));
    if (!response.ok || !claims.success) throw new OktaUnavailableError();
    return claims.data;
  };
}
