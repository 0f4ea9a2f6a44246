import { createHash } from "node:crypto";

/** The claim `at_hash` of an RS256 ID token for an access token (OpenID Connect Core 1.0, section 3.1.3.6). */
export function accessTokenHash(accessToken: string): string {
  return createHash("sha256").update(accessToken).digest().subarray(0, 16).toString("base64url");
}
