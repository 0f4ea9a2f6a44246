import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import type { CerbosSettings, Config, OktaApiSettings, OktaSettings } from "../config.js";
import type { Demo } from "../web/start/demo.js";
import { removeDemoState, writeDemoState } from "./demo-state.js";
import { startIdentityProvider } from "./identity-provider/index.js";
import { startPdp } from "./pdp/start-pdp.js";
import { peopleToTry } from "./people-to-try.js";

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** A running stand-in, and the settings with which the app uses it. */
export interface StandIn<Settings> {
  readonly settings: Settings;
  stop(): Promise<void>;
}

/** With which settings the app uses a stand-in for Okta: to log people in, to follow the organization, and for its own pages. */
export interface OktaStandInSettings {
  readonly okta: OktaSettings;
  readonly oktaApi: OktaApiSettings;
  readonly demo: Demo;
}

/**
 * Starts an identity provider that is shaped like Okta, and its organization, whose events it tells to the app; and writes `demo.json`, with which the commands for tokens
 * find it.
 */
export async function startOktaStandIn(config: Config, logger: Logger): Promise<StandIn<OktaStandInSettings>> {
  const newSecret = () => randomBytes(24).toString("base64url");
  const client = { clientId: "gatehouse-demo", clientSecret: newSecret() };
  // Not the public address, which may be that of a proxy that does not serve yet.
  const local = `http://127.0.0.1:${config.port}`;
  const eventHook = { url: `${local}/okta/events`, secret: newSecret() };
  const provider = await startIdentityProvider({
    ...client,
    appBaseUrl: config.baseUrl,
    apiScope: config.apiAccess.scope,
    requirePkce: true,
    okta: { eventHooks: [eventHook] },
    universalLogoutUrl: `${local}/okta/global-token-revocation`,
    onError: (err) => logger.error({ err }, "identity provider failed"),
  });
  const { issuer, org } = provider;
  const { origin } = new URL(issuer);
  await writeDemoState(config.dataDir, { issuer, apiToken: org.apiToken });
  logger.info({ issuer, console: `${origin}/admin` }, "demo identity provider started in place of Okta");
  return {
    settings: {
      okta: { issuer, ...client },
      oktaApi: {
        org: origin,
        credentials: { token: org.apiToken },
        hookSecret: eventHook.secret,
      },
      demo: {
        console: `${origin}/admin`,
        people: peopleToTry,
        sessionToken: (login) => provider.sessionTokens.issue(login),
      },
    },
    async stop() {
      await removeDemoState(config.dataDir);
      await provider.stop();
    },
  };
}

/** Starts a Cerbos PDP with this project's policies. */
export async function startPdpStandIn(logger: Logger): Promise<StandIn<CerbosSettings>> {
  const pdp = await startPdp({
    policies: root("policies"),
    config: root("pdp/pdp.yaml"),
    log: (event, details) => logger.info({ ...details }, event),
  });
  return { settings: { target: pdp.target, tls: false, playgroundInstance: undefined }, stop: () => pdp.stop() };
}

export { openEmbedded } from "./database/embedded.js";
export { seedContacts } from "./seed.js";
