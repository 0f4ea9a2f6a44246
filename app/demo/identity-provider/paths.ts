/** The path of Okta's default custom authorization server. The issuer identifier ends with it. */
export const issuerPath = "/oauth2/default";

/** Paths of the endpoints of an Okta authorization server, relative to its issuer. */
export const endpoints = {
  authorization: "/v1/authorize",
  token: "/v1/token",
  jwks: "/v1/keys",
  userinfo: "/v1/userinfo",
  end_session: "/v1/logout",
  revocation: "/v1/revoke",
  introspection: "/v1/introspect",
} as const;

/** The path of the sign-in page, relative to the issuer, as Okta's hosted page has it. */
export const signInPath = "/signin";
