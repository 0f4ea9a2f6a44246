import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { createApp } from "../../../app/app.js";
import { openExplainer } from "../../../app/audit/explain/explainer.js";
import { type DecisionLog, type OpenDecisionLog, openDecisionLog } from "../../../app/audit/write/decision-log.js";
import { openIntake } from "../../../app/audit/write/intake.js";
import { OktaConnection } from "../../../app/auth/okta-connection.js";
import { Revocations } from "../../../app/auth/revocation/revocations.js";
import { readConfig } from "../../../app/config.js";
import type { Database, Db } from "../../../app/db/database.js";
import { openPostgres } from "../../../app/db/postgres.js";
import type { DirectoryLookup } from "../../../app/directory/lookup/lookup.js";
import { cerbos, type DecisionSink } from "../../../middleware/index.js";
import { startPdp } from "../../../middleware/testing/index.js";
import { temporaryDatabase } from "../database/temporary-database.js";
import { useFixture } from "../fixture.js";
import { type Client, clientOf } from "../http/client.js";
import { freePort } from "../network/free-port.js";
import { Issuer } from "../okta/issuer.js";
import { projectPath } from "../paths.js";

/** The app in this process, where what it calls can be watched; its PDP is a real one. */
export interface InProcess {
  readonly url: string;
  /** Its authorization server. */
  readonly issuer: Issuer;
  /**
   * Serves the same app once more, with another decision log. Returns its address.
   *
   * @param sinks - where decisions go
   * @param directory - default: the app's own
   */
  serve(decisionLog: DecisionLog, sinks: readonly DecisionSink[], directory?: DirectoryLookup): Promise<string>;
  readonly database: Database;
  readonly decisionLog: OpenDecisionLog;
  /** What it has logged as errors. */
  readonly errors: Record<string, unknown>[];
  /** An access token of a user with a role. */
  token(id: string, role: string, department: string): Promise<string>;
  /** An API client of a user with a role. */
  as(id: string, role: string, department: string): Promise<Client>;
  /** Ends the PDP for good. */
  stopPdp(): Promise<void>;
  stop(): Promise<void>;
}

/** How an app in this process differs from others. */
export interface InProcessOptions {
  /** Folder of the policies; default: the CRM's. */
  readonly policies?: string | undefined;
  /** Opens the directory in the app's database; default: there is none. */
  readonly openDirectory?: ((db: Db) => DirectoryLookup) | undefined;
}

/**
 * @param databaseUrl - of PostgreSQL
 */
export async function startInProcess(databaseUrl: string, options: InProcessOptions = {}): Promise<InProcess> {
  const { policies = projectPath("policies"), openDirectory } = options;
  const issuer = await Issuer.start();
  const child = await startPdp({ policies, config: projectPath("pdp/pdp.yaml") });
  const pdp = cerbos(child.target, { tls: false, deadline: 10_000 });
  const database = await openPostgres(databaseUrl, () => {});
  const { OKTA_ISSUER, OKTA_CLIENT_ID, OKTA_CLIENT_SECRET } = issuer.settings;
  const settings = { issuer: OKTA_ISSUER, clientId: OKTA_CLIENT_ID, clientSecret: OKTA_CLIENT_SECRET };
  const config = readConfig({ RATE_LIMIT_REQUESTS: "1000000", PORT: String(await freePort()) });
  const errors: Record<string, unknown>[] = [];
  const logger = pino({ level: "error" }, { write: (line: string) => errors.push(JSON.parse(line)) });
  const connection = new OktaConnection({
    settings,
    baseUrl: config.baseUrl,
    logger,
  });
  const decisionLog = openDecisionLog(database.db, openExplainer(policies), logger);
  const intake = openIntake(decisionLog);
  const { sessionEvents } = intake;
  const revocations = new Revocations({
    ...{ db: database.db, events: sessionEvents },
    idleMs: config.sessionIdleMinutes * 60_000,
  });
  const ownDirectory = openDirectory?.(database.db);
  const servers: Server[] = [];
  const serve = async (
    withLog: DecisionLog,
    decisionSinks: readonly DecisionSink[],
    directory = ownDirectory,
    port = 0,
  ) => {
    const app = createApp({
      config,
      logger,
      database,
      pdp,
      decisionLog: withLog,
      decisionSinks,
      sessionEvents,
      revocations,
      okta: { settings, connection },
      sessionSecret: "secret",
      demo: undefined,
      directory,
      eventHook: undefined,
      isStopping: () => false,
      isClosing: () => false,
    });
    const server = await new Promise<Server>((resolve) => {
      const listening = app.listen(port, "127.0.0.1", () => resolve(listening));
    });
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  // Where Okta sends browsers back to.
  const url = await serve(decisionLog, [intake.sink], ownDirectory, config.port);
  await connection.firstAttempt;
  const token = (uid: string, role: string, department: string) =>
    issuer.accessToken({ uid, sub: `${uid}@test.example`, groups: [role], department });
  return {
    url,
    issuer,
    serve,
    database,
    decisionLog,
    errors,
    token,
    as: async (id, role, department) => clientOf(url, await token(id, role, department)),
    stopPdp: () => child.stop(),
    async stop() {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      await decisionLog.close();
      connection.close();
      pdp.close();
      await Promise.all([child.stop(), issuer.stop(), database.close()]);
    },
  };
}

/**
 * Gives the suite that calls this an app in this process, with an empty PostgreSQL database of its own; see
 * {@link temporaryDatabase} for what happens without PostgreSQL.
 *
 * @param options - says how it differs from others
 */
export function useInProcess(options: () => InProcessOptions = () => ({})): InProcess {
  return useFixture(
    async (suite) => {
      const database = await temporaryDatabase(suite);
      try {
        const app = await startInProcess(database.url, options());
        const stop = async () => {
          await app.stop();
          await database.drop();
        };
        return { ...app, stop };
      } catch (error) {
        await database.drop();
        throw error;
      }
    },
    (app) => app.stop(),
  );
}
