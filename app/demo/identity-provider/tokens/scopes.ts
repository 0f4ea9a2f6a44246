import { errors } from "oidc-provider";
import type { Settings } from "../options.js";

/**
 * The claims that each scope gives access to. Groups and department come with every scope, which is how Okta's guides
 * set up custom claims on a custom authorization server. The scope `groups`, which an Okta org authorization server
 * requires for groups, is accepted and changes nothing.
 */
export const claimsByScope = {
  openid: ["sub", "groups", "department"],
  profile: ["name", "given_name", "family_name", "preferred_username", "locale", "zoneinfo"],
  email: ["email", "email_verified"],
  groups: ["groups"],
};

/** Scopes without claims: `offline_access` is for a refresh token. An API's scope is for access tokens. */
export function scopesWithoutClaims({ apiScope }: Settings): string[] {
  return apiScope === undefined ? ["offline_access"] : ["offline_access", apiScope];
}

/**
 * Checks a space-separated list of scopes. OAuth 2.0 lets a server ignore scopes that it does not know (RFC 6749,
 * section 3.3), and oidc-provider does. Okta refuses the request.
 *
 * @throws errors.InvalidScope when this authorization server does not have one of them
 */
export function refuseUnknownScopes(requested: string, settings: Settings): void {
  const known = [...Object.keys(claimsByScope), ...scopesWithoutClaims(settings)];
  const unknown = requested.split(" ").filter((scope) => scope !== "" && !known.includes(scope));
  if (unknown.length > 0) {
    throw new errors.InvalidScope(`not configured on this authorization server: ${unknown.join(" ")}`, requested);
  }
}
