import { errors, type Provider } from "oidc-provider";
import { refuseUnknownScopes } from "../request-parameters.js";
import { userByLogin } from "./claims.js";

/**
 * Adds the resource owner password grant (RFC 6749, section 4.3), which Okta has and oidc-provider does not. The
 * username is a demo user's login; any password will do, but not none. It issues an access token and nothing else.
 * Which clients may use it is in their `grant_types`.
 */
export function addPasswordGrant(provider: Provider): void {
  provider.registerGrantType<{ username?: string; password?: string }>(
    "password",
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const user = params.username ? userByLogin(params.username) : undefined;
      // RFC 6749, section 5.2, has one answer for an unknown user and a wrong password, and so has Okta.
      if (!user || !params.password) throw new errors.InvalidGrant("The credentials provided were invalid.");
      const { scope = "openid" } = params;
      refuseUnknownScopes(scope);

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
