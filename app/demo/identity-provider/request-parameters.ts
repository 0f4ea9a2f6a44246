import type { Provider, UnknownObject } from "oidc-provider";
import type { Settings } from "./options.js";
import { asOpaqueToken } from "./tokens/access-token.js";
import { refuseUnknownScopes } from "./tokens/scopes.js";

/**
 * Changes request parameters where Okta treats a request otherwise than oidc-provider. The provider assigns a request's
 * parameters to its context before it reads any of them; a setter on the context changes them first.
 */
export function adjustRequestParameters(provider: Provider, settings: Settings): void {
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
          adjust(this.route, params, settings);
        },
      });
    }
  }

  Object.defineProperty(provider, "OIDCContext", { value: OIDCContext });
}

function adjust(route: string, params: UnknownObject, settings: Settings): void {
  if (route === "introspection" || route === "revocation") {
    if (typeof params.token === "string") params.token = asOpaqueToken(params.token);
  } else if (route === "authorization") {
    const scope = typeof params.scope === "string" ? params.scope : "";
    refuseUnknownScopes(scope, settings);
    // OpenID Connect Core 1.0, section 11, has offline_access ignored without a prompt for consent. Okta grants it.
    if (params.prompt === undefined && scope.split(" ").includes("offline_access")) params.prompt = "consent";
  }
}
