import { errors, type Provider } from "oidc-provider";
import { canSignIn } from "../../okta-org/model/lifecycle.js";
import type { Organization } from "../../okta-org/model/organization.js";
import type { Settings } from "../options.js";
import { refuseUnknownScopes } from "./scopes.js";

/**
 * Adds the resource owner password grant (RFC 6749, section 4.3), which Okta has and oidc-provider does not. The
 * username is a user's login; any password is accepted except an empty one. It issues an access token and nothing
 * else. Clients may use it when their `grant_types` list it.
 */
export function addPasswordGrant(provider: Provider, organization: Organization, settings: Settings): void {
  provider.registerGrantType<{ username?: string; password?: string }>(
    "password",
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const user = params.username ? organization.findUser(params.username) : undefined;
      // An unknown user, one who may not sign in and a wrong password get the same answer in RFC 6749, section 5.2,
      // and at Okta.
      if (!user || !canSignIn(user) || !params.password)
        throw new errors.InvalidGrant("The credentials provided were invalid.");
      const { scope = "openid" } = params;
      refuseUnknownScopes(scope, settings);

      organization.signedIn(user.id);
      const grant = new provider.Grant({ clientId: client.clientId, accountId: user.id });
      grant.addOIDCScope(scope);
      const grantId = await grant.save();
      const token = new provider.AccessToken({ accountId: user.id, client, grantId, gty: "password", scope });
      ctx.oidc.entity("AccessToken", token);

      ctx.body = {
        token_type: token.tokenType,
        expires_in: token.expiration,
        access_token: await token.save(),
        scope,
      };
    },
    ["username", "password", "scope"],
  );
}
