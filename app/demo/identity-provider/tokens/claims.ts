import type { AccessToken, Account, KoaContextWithOIDC } from "oidc-provider";
import type { Organization } from "../../okta-org/model/organization.js";
import type { User } from "../../okta-org/model/types.js";
import type { Settings } from "../options.js";

/**
 * The claims that Okta sends only when an administrator has configured them: the groups, as a list or as one string,
 * and the department of the user's profile.
 */
function customClaims(
  user: User,
  organization: Organization,
  { groupsAs }: Settings,
): { groups: string[] | string; department: unknown } {
  const groups = organization.groups.of(user.id).map(({ profile }) => profile.name);
  return { groups: groupsAs === "string" ? groups.join(",") : groups, department: user.profile.department };
}

/**
 * The user as an account of oidc-provider. The provider asks for claims once for the ID token and once for userinfo,
 * and drops those whose scope was not granted.
 *
 * An ID token that is issued together with an access token is a thin one at Okta: it has name, preferred_username and
 * email, and the rest of the profile is only in userinfo (Okta, OpenID Connect & OAuth 2.0 API, "Scope-dependent
 * claims").
 */
export function accountOf(user: User, organization: Organization, settings: Settings): Account {
  const { login, email, firstName, lastName, timezone } = user.profile;
  const thin = {
    sub: user.id,
    name: `${firstName} ${lastName}`,
    preferred_username: login,
    email,
  };
  const custom = customClaims(user, organization, settings);
  return {
    accountId: user.id,
    claims: (use) =>
      use === "id_token"
        ? { ...thin, ...(settings.groupsIn === "id_token" ? custom : {}) }
        : {
            ...thin,
            given_name: firstName,
            family_name: lastName,
            locale: "en-US",
            ...(timezone ? { zoneinfo: timezone } : {}),
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
  organization: Organization,
  settings: Settings,
): Record<string, unknown> {
  const user = organization.users.get(token.accountId);
  return {
    ver: 1,
    uid: token.accountId,
    cid: token.clientId,
    scp: [...token.scopes],
    auth_time: authTimeOf(ctx),
    sub: user?.profile.login,
    ...(user && settings.accessTokenGroups ? customClaims(user, organization, settings) : {}),
  };
}

function authTimeOf({ oidc }: KoaContextWithOIDC): number {
  const { AuthorizationCode: code, RefreshToken: refreshToken } = oidc.entities;
  return code?.authTime ?? refreshToken?.authTime ?? Math.floor(Date.now() / 1000);
}
