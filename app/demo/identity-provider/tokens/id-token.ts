import { randomBytes } from "node:crypto";
import type { Provider } from "oidc-provider";
import { jwtOf } from "./access-token.js";

/**
 * The claim `idp`: the id of the identity provider that signed the user in, which for Okta's own users is the
 * organization's.
 */
const organizationId = "00o1gatehouseStandIn5";

/**
 * Adds the claims that every Okta ID token has and oidc-provider's lacks: `ver`, `jti`, `idp`, `amr`, `auth_time` and,
 * as there is always an access token, `at_hash` (OpenID Connect Core 1.0, section 3.1.3.6).
 */
export function addOktaClaimsToIdTokens(provider: Provider): void {
  const PlainIdToken = provider.IdToken;

  // The provider looks up the lifetime by the name of the class.
  class IdToken extends PlainIdToken {
    override issue(context: Parameters<InstanceType<typeof PlainIdToken>["issue"]>[0]): Promise<string> {
      if (context.use === "idtoken") {
        this.set("ver", 1);
        this.set("jti", `ID.${randomBytes(24).toString("base64url")}`);
        this.set("idp", organizationId);
        this.set("amr", ["pwd"]);
        this.set("auth_time", this.available.auth_time);
        // The provider turns the value into its hash when it signs.
        this.set("at_hash", jwtOf(this.ctx.oidc.entities.AccessToken));
      }
      return super.issue(context);
    }
  }

  Object.defineProperty(provider, "IdToken", { value: IdToken });
}
