import type { Account } from "oidc-provider";
import { type DemoUser, demoUsers } from "../../users.js";
import type { Settings } from "../options.js";

/**
 * The claims that each scope opens. Groups and the department come with any scope, which is how Okta's guides set up
 * claims of one's own on a custom authorization server; the scope `groups`, which an Okta org authorization server wants for them, is accepted
 * and changes nothing.
 */
export const claimsByScope = {
  openid: ["sub", "groups", "department"],
  profile: ["name", "given_name", "family_name", "preferred_username", "locale", "zoneinfo"],
  email: ["email", "email_verified"],
  groups: ["groups"],
};

/** Scopes that bring no claims: this one brings a refresh token. */
export const scopesWithoutClaims = ["offline_access"];

/** Those of the scopes in a space-separated list that this authorization server does not have. */
export function unknownScopes(requested: string): string[] {
  const known = [...Object.keys(claimsByScope), ...scopesWithoutClaims];
  return requested.split(" ").filter((scope) => scope !== "" && !known.includes(scope));
}

/** The user with an Okta user id, or undefined. */
export function userById(id: string): DemoUser | undefined {
  return demoUsers.find((user) => user.id === id);
}

/** The user with a login, or undefined. Logins are compared as Okta compares them: without regard to case. */
export function userByLogin(login: string): DemoUser | undefined {
  return demoUsers.find((user) => user.login.toLowerCase() === login.trim().toLowerCase());
}

/**
 * The claims that Okta sends only because an administrator has set them up: the groups, in the form that the settings
 * say, and the department of the user's profile.
 */
export function customClaims(
  { groups, department }: DemoUser,
  { groupsAs }: Settings,
): { groups: string[] | string; department: string } {
  return { groups: groupsAs === "string" ? groups.join(",") : [...groups], department };
}

/**
 * The user as oidc-provider wants to see one. The provider asks for claims once for the ID token and once for userinfo,
 * and drops those whose scope was not granted.
 *
 * An ID token that comes together with an access token is a thin one at Okta: name, preferred_username and email, and
 * the rest of the profile only in userinfo (Okta, OpenID Connect & OAuth 2.0 API, "Scope-dependent claims").
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
