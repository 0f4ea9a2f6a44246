import { errors, type Provider } from "oidc-provider";
import { userByLogin } from "../../users.js";
import type { Settings } from "../options.js";
import { refuseUnknownScopes } from "./scopes.js";

/**
 * Adds the resource owner password grant (RFC 6749, section 4.3), which Okta has and oidc-provider does not. The
 * username is a demo user's login; any password is accepted except an empty one. It issues an access token and nothing
 * else. Clients may use it when their `grant_types` list it.
 */
export function addPasswordGrant(provider: Provider, settings: Settings): void {
  provider.registerGrantType<{ username?: string; password?: string }>(
    "password",
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const user = params.username ? userByLogin(params.username) : undefined;
      // An unknown user and a wrong password get the same answer in RFC 6749, section 5.2, and at Okta.
      if (!user || !params.password) throw new errors.InvalidGrant("The credentials provided were invalid.");
      const { scope = "openid" } = params;
      refuseUnknownScopes(scope, settings);

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
