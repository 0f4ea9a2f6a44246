import { createServer } from "node:http";
import { createOktaOrg, type OktaOrg } from "../okta-org/index.js";
import { UniversalLogout } from "../okta-org/universal-logout.js";
import { closeServer, listen } from "./listen.js";
import { loadServer } from "./load-server.js";
import { type IdentityProviderOptions, settingsFrom } from "./options.js";
import { issuerPath } from "./paths.js";
import { SessionTokens } from "./session-tokens.js";
import { generateSigningKey } from "./tokens/keys.js";

export type { IdentityProviderOptions } from "./options.js";

/** A running stand-in. */
export interface IdentityProvider {
  /** The issuer identifier: `http://localhost:<port>/oauth2/default`. */
  readonly issuer: string;
  /** The organization behind it, as tests see and change it. */
  readonly org: OktaOrg;
  /** Logs users out of the app. */
  readonly universalLogout: UniversalLogout;
  /** The tokens by which it signs users in without its page. */
  readonly sessionTokens: SessionTokens;
  /** Stops listening and closes all connections at once. Safe to call more than once. */
  stop(): Promise<void>;
}

/**
 * Starts the stand-in: an OpenID Connect provider in this process, shaped like an Okta custom authorization server, for
 * local use without an Okta account. Anyone who can reach it can sign in as any user. Its key, sessions, tokens and
 * the organization are in memory and gone when it stops.
 *
 * @throws Error when the port is taken or not allowed, or an option is missing or malformed.
 */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  // Settings are checked before anything is opened; the port in the issuer identifier is known only afterwards.
  settingsFrom(options, "");
  const [key, orgKey, { createServerApp }] = await Promise.all([
    generateSigningKey(),
    generateSigningKey(),
    loadServer(),
  ]);

  const server = createServer();
  const port = await listen(server, options);
  const settings = settingsFrom(options, `http://localhost:${port}${issuerPath}`);
  const { clientId, appBaseUrl } = settings;
  const { origin } = new URL(settings.issuer);
  const org = createOktaOrg(origin, options.okta);
  const endpoint = `${appBaseUrl}/okta/global-token-revocation`;
  const universalLogout = new UniversalLogout(origin, orgKey, {
    clientId,
    endpoint,
    url: options.universalLogoutUrl ?? endpoint,
  });
  const sessionTokens = new SessionTokens();
  server.on("request", createServerApp(settings, key, org, universalLogout, sessionTokens));

  let stopped: Promise<void> | undefined;
  return {
    issuer: settings.issuer,
    org,
    universalLogout,
    sessionTokens,
    stop() {
      org.stop();
      stopped ??= closeServer(server);
      return stopped;
    },
  };
}
