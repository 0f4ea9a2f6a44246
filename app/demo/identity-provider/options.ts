import type { OktaOrgOptions } from "../okta-org/index.js";

/** Options of the stand-in identity provider. */
export interface IdentityProviderOptions {
  /** TCP port. 0 takes a free one. Default: 0. */
  port?: number;
  /** Address to listen on. The issuer identifier has `localhost` in any case. Default: "127.0.0.1". */
  host?: string;
  /** The web application's client id, as Okta would have given it. */
  clientId: string;
  /** The web application's client secret. */
  clientSecret: string;
  /** Public base URL of the app, such as `http://localhost:8080`. The redirect URIs are derived from it. */
  appBaseUrl: string;
  /**
   * Where the claims groups and department are besides userinfo, which always has them. At Okta this is the setting
   * "Include in token type": "id_token" is "ID Token, Always"; "userinfo" is "ID Token, Userinfo / id_token request",
   * which leaves the claim out of an ID token that is issued together with an access token. Default: "id_token".
   */
  groupsIn?: "id_token" | "userinfo";
  /**
   * Whether the groups claim is a list, or one string with commas as some Okta expressions make it. Default: "array".
   */
  groupsAs?: "array" | "string";
  /** Whether access tokens carry groups and department too. Okta needs second claims for that. Default: true. */
  accessTokenGroups?: boolean;
  /** A scope of an API besides those of OpenID Connect. Whoever asks for it gets it. Default: none. */
  apiScope?: string | undefined;
  /**
   * Whether the web application has to send PKCE (RFC 7636). At Okta this is the setting "Require PKCE as additional
   * verification", which is off for a new web application. Default: false.
   */
  requirePkce?: boolean;
  /** Where the app takes requests to log users out, if not at its public address. */
  universalLogoutUrl?: string;
  /** What the organization behind it does. */
  okta?: OktaOrgOptions;
  /** Called with failures inside the provider, which are defects and not refusals. Default: a process warning. */
  onError?: (error: Error) => void;
}

/** The options with every default filled in, the URLs checked, and the issuer known. */
export interface Settings
  extends Readonly<
    Required<Omit<IdentityProviderOptions, "port" | "host" | "apiScope" | "universalLogoutUrl" | "okta">>
  > {
  readonly apiScope: string | undefined;
  readonly issuer: string;
}

/** The public client that the token command uses. It has no secret, like an Okta native application. */
export const cliClientId = "gatehouse-cli";

/** The only redirect URI of the app: the default of @okta/oidc-middleware. */
export function callbackUrl({ appBaseUrl }: Settings): string {
  return `${appBaseUrl}/authorization-code/callback`;
}

/**
 * Fills in the defaults.
 *
 * @throws Error when a client setting is empty or `appBaseUrl` is not an http or https URL.
 */
export function settingsFrom(options: IdentityProviderOptions, issuer: string): Settings {
  for (const name of ["clientId", "clientSecret"] as const) {
    if (options[name].trim() === "") throw new Error(`The stand-in identity provider needs a ${name}.`);
  }
  if (options.clientId === cliClientId) {
    throw new Error(`The client id ${cliClientId} is taken by the token command. Choose another one for the app.`);
  }
  return {
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    appBaseUrl: baseUrlFrom(options.appBaseUrl),
    groupsIn: options.groupsIn ?? "id_token",
    groupsAs: options.groupsAs ?? "array",
    accessTokenGroups: options.accessTokenGroups ?? true,
    apiScope: options.apiScope,
    requirePkce: options.requirePkce ?? false,
    onError: options.onError ?? warnAbout,
    issuer,
  };
}

function baseUrlFrom(appBaseUrl: string): string {
  const url = URL.canParse(appBaseUrl) ? new URL(appBaseUrl) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new Error(`appBaseUrl must be an http or https URL, such as http://localhost:8080. It is "${appBaseUrl}".`);
  }
  return appBaseUrl.replace(/\/+$/, "");
}

function warnAbout(error: Error): void {
  process.emitWarning(`The stand-in identity provider failed: ${error.stack ?? error.message}`);
}
