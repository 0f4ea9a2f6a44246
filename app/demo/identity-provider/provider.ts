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
import { cookieNames, sessionCookie, signInCookie } from "./cookies.js";
import { logOutAtOnce } from "./logout.js";
import { memoryStore } from "./memory-adapter.js";
import { callbackUrl, cliClientId, issuerPath, type Settings } from "./options.js";
import { expiredPage, pageHeaders, refusalPage, signedOutPage } from "./pages/pages.js";
import { signInPath } from "./pages/routes.js";
import { readRequestsAsOkta } from "./request-parameters.js";
import { accessTokenClaims, issueAccessTokensAsJwts } from "./tokens/access-token.js";
import { accountOf, claimsByScope, scopesWithoutClaims, userById } from "./tokens/claims.js";
import { addOktaClaimsToIdTokens } from "./tokens/id-token.js";
import type { SigningKey } from "./tokens/keys.js";
import { addPasswordGrant } from "./tokens/password-grant.js";

const hour = 60 * 60;
const day = 24 * hour;

/** oidc-provider, set up and extended until it looks like an Okta custom authorization server. Its routes are relative. */
export function createProvider(settings: Settings, key: SigningKey): Provider {
  const provider = new Provider(settings.issuer, configuration(settings, key));
  readRequestsAsOkta(provider);
  issueAccessTokensAsJwts(provider, key);
  addOktaClaimsToIdTokens(provider);
  addPasswordGrant(provider);
  logOutAtOnce(provider);
  provider.on("server_error", (_ctx, error) => settings.onError(error));
  // What escapes the provider's own error handling. Koa prints it unless somebody listens. Errors that the client may see
  // are the client's, and those after the headers come from connections that have gone.
  const koa: EventEmitter = provider;
  koa.on("error", (error) => {
    if (!error.expose && !error.headerSent) settings.onError(error);
  });
  return provider;
}

function configuration(settings: Settings, key: SigningKey): Configuration {
  return {
    adapter: memoryStore(),
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
    // @okta/oidc-middleware sends no code challenge, and Okta does not ask a web application for one.
    pkce: { required: () => false },

    routes: {
      authorization: "/v1/authorize",
      token: "/v1/token",
      jwks: "/v1/keys",
      userinfo: "/v1/userinfo",
      end_session: "/v1/logout",
      revocation: "/v1/revoke",
      introspection: "/v1/introspect",
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => isConfidential(client) || isOwn(client, token),
      },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => isOwn(client, token) },
      rpInitiatedLogout: {
        enabled: true,
        // Never seen: logout.ts takes the place of the question.
        logoutSource: () => {},
        postLogoutSuccessSource: (ctx) => sendPage(ctx, settings, signedOutPage(settings)),
      },
    },

    scopes: ["openid", ...scopesWithoutClaims],
    claims: claimsByScope,
    findAccount(_ctx, id) {
      const user = userById(id);
      return user && accountOf(user, settings);
    },
    extraTokenClaims: (ctx, token) => accessTokenClaims(ctx, token as AccessToken, settings),
    // Which claims an ID token has is decided in claims.ts. With this on, the provider would leave nothing but `sub`.
    conformIdTokenClaims: false,

    interactions: { policy: signInOnly(), url: (_ctx, { uid }) => `${issuerPath}${signInPath}/${uid}` },
    loadExistingGrant: grantWhatIsAsked,
    issueRefreshToken: (_ctx, client, code) =>
      client.grantTypeAllowed("refresh_token") && code.scopes.has("offline_access"),
    expiresWithSession: () => false,
    ttl: {
      AccessToken: hour,
      AuthorizationCode: 60,
      Grant: 14 * day,
      IdToken: hour,
      Interaction: hour,
      RefreshToken: 14 * day,
      Session: day,
    },

    cookies: {
      keys: [randomBytes(32).toString("base64url")],
      names: cookieNames,
      long: sessionCookie,
      short: signInCookie,
    },
    clientBasedCORS: () => false,
    renderError(ctx, out, error) {
      const asked = error instanceof errors.InvalidRedirectUri ? ctx.oidc.params?.redirect_uri : undefined;
      const redirectUri = typeof asked === "string" ? asked : undefined;
      const expired = error instanceof errors.SessionNotFound;
      sendPage(ctx, settings, expired ? expiredPage(settings) : refusalPage(settings, { ...out, redirectUri }));
    },
  };
}

/**
 * The provider's rules for when somebody has to sign in, and none for consent: an organization's administrator has
 * consented for everybody. A request for `prompt=consent` is accepted and nobody asked.
 */
function signInOnly(): ReturnType<typeof interactionPolicy.base> {
  const policy = interactionPolicy.base();
  policy.get("consent")?.checks.clear();
  return policy;
}

/**
 * Grants the application all the scopes that it asks for. Every sign-in gets a grant of its own, because the provider
 * revokes all tokens of a grant together, and logging out of one browser must not reach another.
 */
async function grantWhatIsAsked({ oidc }: KoaContextWithOIDC): Promise<Grant | undefined> {
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

function isOwn(client: Client, token: { clientId?: string | undefined }): boolean {
  return token.clientId === client.clientId;
}

function sendPage(ctx: KoaContextWithOIDC, settings: Settings, body: string): void {
  ctx.set(pageHeaders(settings));
  ctx.type = "html";
  ctx.body = body;
}
