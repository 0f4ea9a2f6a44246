import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import type { CerbosSettings, Config, OktaSettings } from "../config.js";
import { removeDemoState, writeDemoState } from "./demo-state.js";
import { startIdentityProvider } from "./identity-provider/index.js";
import { cliClientId } from "./identity-provider/options.js";
import { startPdp } from "./pdp/start-pdp.js";

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** A stand-in that runs, and what the app needs to know to use it. */
export interface StandIn<Settings> {
  readonly settings: Settings;
  stop(): Promise<void>;
}

/** Starts an identity provider that is shaped like Okta, and tells the token command where it is. */
export async function standInForOkta(config: Config, log: Logger): Promise<StandIn<OktaSettings>> {
  const client = { clientId: "gatehouse-demo", clientSecret: randomBytes(24).toString("base64url") };
  const provider = await startIdentityProvider({
    ...client,
    appBaseUrl: config.baseUrl,
    onError: (err) => log.error({ err }, "identity provider failed"),
  });
  const { issuer } = provider;
  await writeDemoState(config.dataDir, { issuer, cli: { clientId: cliClientId } });
  log.info({ issuer }, "demo identity provider started in place of Okta");
  return {
    settings: { issuer, ...client },
    async stop() {
      await removeDemoState(config.dataDir);
      await provider.stop();
    },
  };
}

/** Starts a Cerbos PDP with this project's policies. */
export async function standInForPdp(log: Logger): Promise<StandIn<CerbosSettings>> {
  const pdp = await startPdp({
    policies: root("policies"),
    config: root("pdp/pdp.yaml"),
    log: (event, details) => log.info({ ...details }, event),
  });
  return { settings: { target: pdp.target, tls: false, playgroundInstance: undefined }, stop: () => pdp.stop() };
}

export { seedContacts, seedPeople } from "./seed.js";
