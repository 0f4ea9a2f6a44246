import { jwtVerify, SignJWT } from "jose";
import type { AccessToken, Provider } from "oidc-provider";
import type { SigningKey } from "./keys.js";

/** The audience of Okta's default custom authorization server. */
export const accessTokenAudience = "api://default";

/**
 * Prefix that keeps a JWT from being parsed as one; see {@link asOpaqueToken}. A space never occurs in a bearer token
 * (RFC 6750, section 2.1), so no token begins with this.
 */
const OPAQUE_PREFIX = "jwt ";

/** The JWTs of the access tokens that were issued in this process, for the ID token's `at_hash`. */
const jwts = new WeakMap<AccessToken, string>();

/** The JWT of an access token that was saved before, or undefined. */
export function jwtOf(token: AccessToken | undefined): string | undefined {
  return token && jwts.get(token);
}

/**
 * Makes clients see the provider's access tokens as JWTs.
 *
 * The provider's own JWT access tokens differ from Okta's: it does not store them, so they cannot be revoked or
 * introspected, and userinfo refuses them because they have an audience. Okta's can do all three. So the provider keeps
 * its opaque token, and only what leaves and enters is a JWT: `save` puts the opaque value into the `jti` of a signed
 * JWT, and `find` accepts nothing but such a JWT and looks up its `jti`.
 */
export function issueAccessTokensAsJwts(provider: Provider, key: SigningKey): void {
  const StoredAccessToken = provider.AccessToken;

  // The provider derives the kind of the model from the name of the class.
  class AccessToken extends StoredAccessToken {
    override async save(): Promise<string> {
      const jti = await super.save();
      const stored = await this.adapter.find(jti);
      if (!stored?.exp) throw new Error("the access token was stored without an expiration time");
      const jwt = await new SignJWT(stored.extra)
        .setProtectedHeader({ alg: "RS256", kid: key.kid })
        .setJti(jti)
        .setIssuer(provider.issuer)
        .setAudience(accessTokenAudience)
        .setIssuedAt(stored.iat)
        .setExpirationTime(stored.exp)
        .sign(key.privateKey);
      jwts.set(this, jwt);
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
    const jwt = token.startsWith(OPAQUE_PREFIX) ? token.slice(OPAQUE_PREFIX.length) : token;
    try {
      const { payload } = await jwtVerify(jwt, key.publicKey, {
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
 * A token in the form in which the provider looks it up at its revocation and introspection endpoints. It refuses there
 * what parses as a JWT without a lookup, because it does not store its own JWTs. Refresh tokens, which are opaque, are
 * returned unchanged.
 */
export function asOpaqueToken(token: string): string {
  return token.includes(".") ? OPAQUE_PREFIX + token : token;
}
