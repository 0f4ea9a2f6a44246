import { jwtVerify, SignJWT } from "jose";
import type { AccessToken, KoaContextWithOIDC, Provider } from "oidc-provider";
import type { Settings } from "../options.js";
import { customClaims, userById } from "./claims.js";
import type { SigningKey } from "./keys.js";

/** The audience of Okta's default custom authorization server. */
export const accessTokenAudience = "api://default";

/**
 * Put before a JWT so that it does not parse as one; see {@link sealed}. A space never occurs in a bearer token
 * (RFC 6750, section 2.1), so no token begins like this.
 */
const seal = "jwt ";

/** The signed form of the access tokens that were issued in this process, for the ID token's `at_hash`. */
const signedForms = new WeakMap<AccessToken, string>();

/** The signed form of an access token that was saved before, or undefined. */
export function signedFormOf(token: AccessToken | undefined): string | undefined {
  return token && signedForms.get(token);
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

/**
 * Makes the provider's access tokens JWTs on the outside.
 *
 * The provider's own JWT access tokens do not fit an Okta: it does not store them, so they cannot be revoked or
 * introspected, and userinfo refuses them because they have an audience. Okta's can do all three. So the provider
 * keeps its opaque token, and only what leaves and enters is a JWT: `save` wraps the opaque value as the `jti` of a
 * signed JWT, and `find` accepts nothing but such a JWT and looks its `jti` up.
 */
export function issueAccessTokensAsJwts(provider: Provider, key: SigningKey): void {
  const StoredAccessToken = provider.AccessToken;

  // The provider takes the model's kind from the name of the class.
  class AccessToken extends StoredAccessToken {
    override async save(): Promise<string> {
      const jti = await super.save();
      const stored = await this.adapter.find(jti);
      if (!stored?.exp) throw new Error("the access token was not stored with an end to its life");
      const jwt = await new SignJWT(stored.extra)
        .setProtectedHeader({ alg: "RS256", kid: key.kid })
        .setJti(jti)
        .setIssuer(provider.issuer)
        .setAudience(accessTokenAudience)
        .setIssuedAt(stored.iat)
        .setExpirationTime(stored.exp)
        .sign(key.privateKey);
      signedForms.set(this, jwt);
      return jwt;
    }
  }

  Object.defineProperty(AccessToken, "find", {
    async value(token: unknown, options?: { ignoreExpiration?: boolean }) {
      const jti = typeof token === "string" ? await verifiedJti(token) : undefined;
      return jti === undefined ? undefined : StoredAccessToken.find.call(AccessToken, jti, options);
    },
  });
  Object.defineProperty(provider, "AccessToken", { value: AccessToken });

  async function verifiedJti(token: string): Promise<string | undefined> {
    try {
      const { payload } = await jwtVerify(token.startsWith(seal) ? token.slice(seal.length) : token, key.publicKey, {
        algorithms: ["RS256"],
        issuer: provider.issuer,
        audience: accessTokenAudience,
      });
      return payload.jti;
    } catch {
      return undefined;
    }
  }
}

/**
 * A token that the provider will look up at its revocation and introspection endpoints. It refuses there what parses as
 * a JWT, before looking, because its own JWTs are not stored. Refresh tokens, which are opaque, stay as they are.
 */
export function sealed(token: string): string {
  return token.includes(".") ? seal + token : token;
}
