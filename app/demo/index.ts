import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import type { CerbosSettings, Config, OktaSettings } from "../config.js";
import { removeDemoState, writeDemoState } from "./demo-state.js";
import { startIdentityProvider } from "./identity-provider/index.js";
import { startPdp } from "./pdp/start-pdp.js";

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** A running stand-in, and the settings with which the app uses it. */
export interface StandIn<Settings> {
  readonly settings: Settings;
  stop(): Promise<void>;
}

/**
 * Starts an identity provider that is shaped like Okta, and writes `demo.json`, with which the commands for tokens
 * find it.
 */
export async function startOktaStandIn(config: Config, logger: Logger): Promise<StandIn<OktaSettings>> {
  const client = { clientId: "gatehouse-demo", clientSecret: randomBytes(24).toString("base64url") };
  const provider = await startIdentityProvider({
    ...client,
    appBaseUrl: config.baseUrl,
    apiScope: config.apiAccess.scope,
    requirePkce: true,
    onError: (err) => logger.error({ err }, "identity provider failed"),
  });
  const { issuer, org } = provider;
  await writeDemoState(config.dataDir, { issuer, apiToken: org.apiToken });
  logger.info({ issuer }, "demo identity provider started in place of Okta");
  return {
    settings: { issuer, ...client },
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
export { seedContacts, seedPeople } from "./seed.js";
