import { errors, type Provider, type UnknownObject } from "oidc-provider";
import { sealed } from "./tokens/access-token.js";
import { unknownScopes } from "./tokens/claims.js";

/**
 * Reads requests as Okta reads them where oidc-provider differs. The provider assigns a request's parameters to its
 * context before it looks at any of them; this sees them first.
 */
export function readRequestsAsOkta(provider: Provider): void {
  const PlainContext = provider.OIDCContext;

  class OIDCContext extends PlainContext {
    constructor(...input: ConstructorParameters<typeof PlainContext>) {
      super(...input);
      let params: UnknownObject | undefined;
      Object.defineProperty(this, "params", {
        enumerable: true,
        get: () => params,
        set: (assigned: UnknownObject) => {
          params = assigned;
          readAsOkta(this.route, params);
        },
      });
    }
  }

  Object.defineProperty(provider, "OIDCContext", { value: OIDCContext });
}

function readAsOkta(route: string, params: UnknownObject): void {
  if (route === "introspection" || route === "revocation") {
    if (typeof params.token === "string") params.token = sealed(params.token);
  } else if (route === "authorization") {
    const scope = typeof params.scope === "string" ? params.scope : "";
    refuseUnknownScopes(scope);
    // OpenID Connect Core 1.0, section 11, has offline_access ignored without a prompt for consent. Okta grants it.
    if (params.prompt === undefined && scope.split(" ").includes("offline_access")) params.prompt = "consent";
  }
}

/**
 * OAuth 2.0 lets a server ignore scopes that it does not know, and oidc-provider does. Okta refuses the request.
 *
 * @throws errors.InvalidScope
 */
export function refuseUnknownScopes(scope: string): void {
  const unknown = unknownScopes(scope);
  if (unknown.length > 0) {
    throw new errors.InvalidScope(`not configured on this authorization server: ${unknown.join(" ")}`, scope);
  }
}
