import { randomBytes } from "node:crypto";
import type { EventEmitter } from "node:events";
import {
  type AccessToken,
  type Client,
  type Configuration,
  errors,
  type Grant,
  interactionPolicy,
  type KoaContextWithOIDC,
  Provider,
} from "oidc-provider";
import { keepsTokens } from "../okta-org/model/lifecycle.js";
import type { Organization } from "../okta-org/model/organization.js";
import { cookieNames, sessionCookie, signInCookie } from "./cookies.js";
import { logOutWithoutConfirmation } from "./logout.js";
import { memoryAdapter } from "./memory-adapter.js";
import { callbackUrl, cliClientId, type Settings } from "./options.js";
import { pageHeaders } from "./pages/page.js";
import { expiredPage, refusalPage, signedOutPage } from "./pages/pages.js";
import { endpoints, issuerPath, signInPath } from "./paths.js";
import { adjustRequestParameters } from "./request-parameters.js";
import { issueAccessTokensAsJwts } from "./tokens/access-token.js";
import { accessTokenClaims, accountOf } from "./tokens/claims.js";
import { addOktaClaimsToIdTokens } from "./tokens/id-token.js";
import type { SigningKey } from "./tokens/keys.js";
import { addPasswordGrant } from "./tokens/password-grant.js";
import { claimsByScope, scopesWithoutClaims } from "./tokens/scopes.js";

const HOUR_SECONDS = 60 * 60;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/**
 * oidc-provider, configured and extended to look like an Okta custom authorization server. Its routes are relative to
 * the issuer.
 */
export function createProvider(settings: Settings, key: SigningKey, organization: Organization): Provider {
  const adapter = memoryAdapter();
  const provider = new Provider(settings.issuer, { ...configuration(settings, key, organization), adapter });
  organization.listen({
    sessionsEnded: (userId, tokens) => adapter.forget(userId, tokens ? ["Session", "RefreshToken"] : ["Session"]),
  });
  adjustRequestParameters(provider, settings);
  issueAccessTokensAsJwts(provider, key);
  addOktaClaimsToIdTokens(provider);
  addPasswordGrant(provider, organization, settings);
  logOutWithoutConfirmation(provider, organization);
  provider.on("server_error", (_ctx, error) => settings.onError(error));
  // Errors outside the provider's own error handling, which Koa prints when there is no listener. Those with `expose`
  // are the client's fault, and those after the headers come from closed connections.
  const koa: EventEmitter = provider;
  koa.on("error", (error) => {
    if (!error.expose && !error.headerSent) settings.onError(error);
  });
  return provider;
}

function configuration(settings: Settings, key: SigningKey, organization: Organization): Configuration {
  return {
    jwks: { keys: [key.jwk] },
    clients: [
      {
        client_id: settings.clientId,
        client_secret: settings.clientSecret,
        token_endpoint_auth_method: "client_secret_basic",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        redirect_uris: [callbackUrl(settings)],
        post_logout_redirect_uris: [`${settings.appBaseUrl}/`],
      },
      {
        client_id: cliClientId,
        token_endpoint_auth_method: "none",
        grant_types: ["password"],
        response_types: [],
        redirect_uris: [],
      },
    ],
    clientAuthMethods: ["client_secret_basic", "none"],
    responseTypes: ["code"],
    pkce: { required: () => settings.requirePkce },

    routes: endpoints,
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => isConfidential(client) || isIssuedTo(client, token),
      },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => isIssuedTo(client, token) },
      rpInitiatedLogout: {
        enabled: true,
        // Never seen: logout.ts replaces the confirmation page.
        logoutSource: () => {},
        postLogoutSuccessSource: (ctx) => sendPage(ctx, settings, signedOutPage(settings)),
      },
    },

    extraParams: ["sessionToken"],
    scopes: ["openid", ...scopesWithoutClaims(settings)],
    claims: claimsByScope,
    findAccount(_ctx, id) {
      const user = organization.users.get(id);
      return user && keepsTokens(user) ? accountOf(user, organization, settings) : undefined;
    },
    extraTokenClaims: (ctx, token) => accessTokenClaims(ctx, token as AccessToken, organization, settings),
    // claims.ts decides which claims an ID token has. With this on, the provider would leave only `sub`.
    conformIdTokenClaims: false,

    interactions: { policy: signInWithoutConsent(), url: (_ctx, { uid }) => `${issuerPath}${signInPath}/${uid}` },
    loadExistingGrant: grantRequestedScopes,
    issueRefreshToken: (_ctx, client, code) =>
      client.grantTypeAllowed("refresh_token") && code.scopes.has("offline_access"),
    expiresWithSession: () => false,
    ttl: {
      AccessToken: HOUR_SECONDS,
      AuthorizationCode: 60,
      Grant: 14 * DAY_SECONDS,
      IdToken: HOUR_SECONDS,
      Interaction: HOUR_SECONDS,
      RefreshToken: 14 * DAY_SECONDS,
      Session: DAY_SECONDS,
    },

    cookies: {
      keys: [randomBytes(32).toString("base64url")],
      names: cookieNames,
      long: sessionCookie,
      short: signInCookie,
    },
    clientBasedCORS: () => false,
    renderError(ctx, out, error) {
      const requested = error instanceof errors.InvalidRedirectUri ? ctx.oidc.params?.redirect_uri : undefined;
      const redirectUri = typeof requested === "string" ? requested : undefined;
      const expired = error instanceof errors.SessionNotFound;
      sendPage(ctx, settings, expired ? expiredPage(settings) : refusalPage(settings, { ...out, redirectUri }));
    },
  };
}

/**
 * The provider's rules for when a user has to sign in, without those for consent: an organization's administrator
 * consents for its users. A request with `prompt=consent` is accepted and shows no question.
 */
function signInWithoutConsent(): ReturnType<typeof interactionPolicy.base> {
  const policy = interactionPolicy.base();
  policy.get("consent")?.checks.clear();
  return policy;
}

/**
 * Grants the application all scopes that it requests. Every sign-in gets a separate grant, because the provider revokes
 * all tokens of a grant together, and logging out in one browser must not affect another.
 */
async function grantRequestedScopes({ oidc }: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { client, session, provider } = oidc;
  if (!client || !session?.accountId) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(oidc.requestParamOIDCScopes);
  await grant.save();
  return grant;
}

function isConfidential(client: Client): boolean {
  return client.clientAuthMethod !== "none";
}

function isIssuedTo(client: Client, token: { clientId?: string | undefined }): boolean {
  return token.clientId === client.clientId;
}

function sendPage(ctx: KoaContextWithOIDC, settings: Settings, body: string): void {
  ctx.set(pageHeaders(settings));
  ctx.type = "html";
  ctx.body = body;
}
