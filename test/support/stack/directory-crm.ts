import { randomBytes } from "node:crypto";
import type { Db } from "../../../app/db/database.js";
import { openPostgres } from "../../../app/db/postgres.js";
import { type IdentityProvider, startIdentityProvider } from "../../../app/demo/identity-provider/index.js";
import type { Faults } from "../../../app/demo/okta-org/index.js";
import { createDatabase, postgresServer } from "../database/temporary-database.js";
import { isLoaded } from "../directory/sync-processes.js";
import { useFixture } from "../fixture.js";
import { freePort } from "../network/free-port.js";
import { ageOrganization } from "../okta/age-organization.js";
import { growOrganization } from "../okta/grow-organization.js";
import { HookRelay } from "../okta/hook-relay.js";
import { OwnPdp } from "../pdp/own-pdp.js";
import { until } from "../until.js";
import { AppProcess } from "./app-process.js";

const FIRST_LOAD_LIMIT_MS = 600_000;
const HOOK_SECRET = "3d9c1f5be8074a62c1b5f7e0d8a94623";

/** How a {@link DirectoryCrm} is. */
export interface DirectoryCrmOptions {
  /** How many processes. Default 1. */
  readonly processes?: number;
  /** How often Okta is asked what has changed, in seconds. */
  readonly syncSeconds: number;
  /** What the organization has besides the demo's people. */
  readonly size?: { readonly users: number; readonly groups: number; readonly memberships: number };
  /** What goes wrong at Okta from the start on. Default: nothing. */
  readonly faults?: Faults;
}

/** Processes of the CRM that follow one organization into one PostgreSQL database, with a PDP and rate limits far away. */
export interface DirectoryCrm {
  readonly idp: IdentityProvider;
  /** Takes what the organization's hook tells. It goes nowhere at first. */
  readonly relay: HookRelay;
  readonly hookSecret: string;
  /** Not through the app. */
  readonly db: Db;
  readonly processes: readonly AppProcess[];
  /** The ids of the users and groups besides the demo's. */
  readonly grown: { readonly users: readonly string[]; readonly groups: readonly string[] };
  /** Starts a process again that has ended, at the same address. @param n - which */
  restart(n: number): Promise<void>;
  /** Resolves when the first load is complete. */
  loaded(): Promise<void>;
  /** Ends everything, and drops the database. */
  stop(): Promise<void>;
}

/** Gives the suite that calls this a CRM of its own; see {@link postgresServer} for what happens without PostgreSQL. */
export function useDirectoryCrm(options: DirectoryCrmOptions): DirectoryCrm {
  return useFixture(
    async (suite) => startDirectoryCrm(postgresServer(suite), options),
    (crm) => crm.stop(),
  );
}

/** @param server - connection string of PostgreSQL, where a database is created */
export async function startDirectoryCrm(server: string, options: DirectoryCrmOptions): Promise<DirectoryCrm> {
  const closers: (() => unknown)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const database = await createDatabase(server);
    closers.push(database.drop);
    const { db, close } = await openPostgres(database.url, () => {});
    closers.push(close);
    const pdp = await OwnPdp.create();
    closers.push(() => pdp.end());
    await pdp.start();
    const relay = new HookRelay();
    await relay.start();
    closers.push(() => relay.stop());
    const ports = await Promise.all(Array.from({ length: options.processes ?? 1 }, () => freePort()));
    const client = { clientId: "crm", clientSecret: "a secret for tests" };
    const eventHooks = [{ url: relay.url, secret: HOOK_SECRET }];
    const okta = { eventHooks, ...(options.faults && { faults: options.faults }) };
    const idp = await startIdentityProvider({ ...client, appBaseUrl: `http://localhost:${ports[0]}`, okta });
    closers.push(() => idp.stop());
    const grown = growOrganization(idp.org.organization, options.size ?? { users: 0, groups: 0, memberships: 0 });
    ageOrganization(idp.org.organization);
    const env = {
      DATABASE_URL: database.url,
      CERBOS_HOSTNAME: pdp.target,
      OKTA_ISSUER: idp.issuer,
      OKTA_CLIENT_ID: client.clientId,
      OKTA_CLIENT_SECRET: client.clientSecret,
      OKTA_API_TOKEN: idp.org.apiToken,
      OKTA_HOOK_SECRET: HOOK_SECRET,
      DIRECTORY_SYNC_SECONDS: String(options.syncSeconds),
      SESSION_SECRET: randomBytes(32).toString("hex"),
      LOG_LEVEL: "warn",
    };
    const start = async (port: number) => {
      const started = await AppProcess.spawn({ ...env, PORT: String(port) });
      closers.push(() => started.end());
      await started.untilPrinted("CRM ready at");
      return started;
    };
    const processes = await Promise.all(ports.map(start));
    const restart = async (n: number) => {
      processes[n] = await start(ports[n] ?? 0);
    };
    const loaded = () => until(() => isLoaded(db), FIRST_LOAD_LIMIT_MS, "the first load");
    return { idp, relay, hookSecret: HOOK_SECRET, db, processes, grown, restart, loaded, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
