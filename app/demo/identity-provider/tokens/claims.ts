import type { AccessToken, Account, KoaContextWithOIDC } from "oidc-provider";
import { type DemoUser, userById } from "../../users.js";
import type { Settings } from "../options.js";

/**
 * The claims that Okta sends only when an administrator has configured them: the groups, as a list or as one string,
 * and the department of the user's profile.
 */
function customClaims(
  { groups, department }: DemoUser,
  { groupsAs }: Settings,
): { groups: string[] | string; department: string } {
  return { groups: groupsAs === "string" ? groups.join(",") : [...groups], department };
}

/**
 * The user as an account of oidc-provider. The provider asks for claims once for the ID token and once for userinfo,
 * and drops those whose scope was not granted.
 *
 * An ID token that is issued together with an access token is a thin one at Okta: it has name, preferred_username and
 * email, and the rest of the profile is only in userinfo (Okta, OpenID Connect & OAuth 2.0 API, "Scope-dependent
 * claims").
 */
export function accountOf(user: DemoUser, settings: Settings): Account {
  const thin = {
    sub: user.id,
    name: `${user.givenName} ${user.familyName}`,
    preferred_username: user.login,
    email: user.login,
  };
  const custom = customClaims(user, settings);
  return {
    accountId: user.id,
    claims: (use) =>
      use === "id_token"
        ? { ...thin, ...(settings.groupsIn === "id_token" ? custom : {}) }
        : {
            ...thin,
            given_name: user.givenName,
            family_name: user.familyName,
            locale: "en-US",
            zoneinfo: "America/Los_Angeles",
            email_verified: true,
            ...custom,
          },
  };
}

/**
 * Claims that Okta adds to an access token: `ver`, `uid` (the user id), `cid` (the client id), `scp` (the scopes as a
 * list), `auth_time`, and `sub`, which is the login and not the user id (Okta, OpenID Connect & OAuth 2.0 API, "Access
 * token payload"). Introspection answers with them as well.
 */
export function accessTokenClaims(
  ctx: KoaContextWithOIDC,
  token: AccessToken,
  settings: Settings,
): Record<string, unknown> {
  const user = userById(token.accountId);
  return {
    ver: 1,
    uid: token.accountId,
    cid: token.clientId,
    scp: [...token.scopes],
    auth_time: authTimeOf(ctx),
    sub: user?.login,
    ...(user && settings.accessTokenGroups ? customClaims(user, settings) : {}),
  };
}

function authTimeOf({ oidc }: KoaContextWithOIDC): number {
  const { AuthorizationCode: code, RefreshToken: refreshToken } = oidc.entities;
  return code?.authTime ?? refreshToken?.authTime ?? Math.floor(Date.now() / 1000);
}
