import { randomBytes } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cerbos } from "../middleware/index.js";
import { createApp } from "./app.js";
import { openExplainer } from "./audit/explain/explainer.js";
import { Sealer } from "./audit/seal/sealer.js";
import { openDecisionLog } from "./audit/write/decision-log.js";
import { openIntake } from "./audit/write/intake.js";
import { openStream } from "./audit/write/stream.js";
import { OktaConnection } from "./auth/okta-connection.js";
import { Revocations } from "./auth/revocation/revocations.js";
import { type Config, loadConfig } from "./config.js";
import { HandoverWorker } from "./contacts/handover/worker.js";
import { openDirectory } from "./directory/open-directory.js";
import { forgetReports } from "./directory/store/reports.js";
import { describeError, messageOf } from "./error-description.js";
import { connectionTimeouts, listen } from "./web/operations/listen.js";
import { createLogger } from "./web/operations/logger.js";
import { serveMetrics } from "./web/operations/metrics.js";

/** The policies that come with the app, by which denials are explained. */
const policiesFolder = fileURLToPath(new URL("../policies", import.meta.url));

/** Closes what has been opened. Called in reverse order. */
const closers: (() => unknown)[] = [];
/** Set from the first signal on: `/readyz` is 503, and everything else is still served. */
let stopping: Promise<void> | undefined;
/** Whether the drain is over, so that requests which would go on and on have to end. */
let isClosing = false;

/** After this time the process ends even if something is still open. By then every decision has long been written. */
const MAX_SHUTDOWN_MS = 30_000;

function stop(exitCode: number): Promise<void> {
  stopping ??= (async () => {
    await drain();
    isClosing = true;
    setTimeout(MAX_SHUTDOWN_MS).then(() => process.exit(exitCode));
    for (const close of closers.reverse()) await closeSafely(close);
    process.exit(exitCode);
  })();
  return stopping;
}

/**
 * Goes on serving for a while, so that a load balancer that asks `/readyz` can take this process out before connections
 * are refused.
 */
let drain = async () => {};

/** Closes what one closer closes. Prints an error, so that the other closers are called too. */
async function closeSafely(close: () => unknown): Promise<void> {
  try {
    await close();
  } catch (error) {
    printError(error);
  }
}

function printError(error: unknown): void {
  console.error(messageOf(error));
}

/** The settings of a stand-in that starts. It is stopped even if the app ends before it has started. */
async function settingsOf<Settings>(starting: Promise<{ readonly settings: Settings; stop(): unknown }>) {
  closers.push(() =>
    starting.then(
      (standIn) => standIn.stop(),
      () => {},
    ),
  );
  return (await starting).settings;
}

async function start(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel);

  // The port first: when it is in use, nothing else has to be started.
  let handle: RequestListener = (_req, res) => res.writeHead(503, { "Retry-After": "2" }).end("starting\n");
  const server = createServer(connectionTimeouts(config.keepAliveSeconds), (req, res) => handle(req, res));
  // A client that reaches the demo can log in as any user.
  const host = config.okta ? undefined : "127.0.0.1";
  const stopServing = await listen(server, config.port, host);

  // Before anything makes a meter: earlier meters record nothing.
  if (config.metricsPort) await serveMetrics(config.metricsPort, host);

  // Loaded only when a stand-in is needed, which is never the case in production.
  const demo = config.okta && config.cerbos && config.databaseUrl ? undefined : await import("./demo/index.js");

  // The database first, which locks the data folder: other files in it must not be touched without the lock.
  const onLost = (err: Error) => logger.warn({ err }, "database connection lost");
  const database = config.databaseUrl
    ? await (await import("./db/postgres.js")).openPostgres(config.databaseUrl, onLost, {
        poolSize: config.databasePoolSize,
      })
    : await demo?.openEmbedded(config.dataDir);
  if (!database) throw new Error("neither settings nor a stand-in for the database");
  closers.push(() => database.close());

  const [oktaStandIn, cerbosSettings] = await Promise.all([
    config.okta ? undefined : demo && settingsOf(demo.startOktaStandIn(config, logger)),
    config.cerbos ?? (demo && settingsOf(demo.startPdpStandIn(logger))),
  ]);
  const { okta: oktaSettings, oktaApi } = oktaStandIn ?? config;
  if (!oktaSettings || !cerbosSettings) throw new Error("neither settings nor stand-ins for Okta and the PDP");

  if (!config.databaseUrl) await demo?.seedContacts(database.db);

  const sealer = new Sealer(database.db, logger, config.retentionDays);
  closers.push(() => sealer.stop());
  const decisionLog = openDecisionLog(database.db, openExplainer(policiesFolder), logger);
  const stream = config.decisionStream && openStream(config.decisionStream);
  // Both at the same time: each has its own deadline.
  closers.push(() => Promise.all([decisionLog, stream].map((each) => closeSafely(() => each?.close()))));
  const intake = openIntake(decisionLog, stream);
  closers.push(() => intake.close());
  sealer.start();
  // Said at each start, because it deletes.
  const retention = config.retentionDays === undefined ? "for ever" : `for ${config.retentionDays} days`;
  logger.info(`decisions are kept ${retention}: AUDIT_RETENTION_DAYS`);

  const { target, tls, playgroundInstance } = cerbosSettings;
  const pdp = cerbos(target, { tls, playgroundInstance, deadline: config.pdpDeadlineMs });
  closers.push(() => pdp.close());

  const revocations = new Revocations({
    db: database.db,
    events: intake.sessionEvents,
    idleMs: config.sessionIdleMinutes * 60_000,
  });
  const directory =
    oktaApi && openDirectory(database.db, oktaApi, config.directory, config.claimRules, revocations, logger);
  if (directory) closers.push(() => directory.close());
  else {
    logger.info("roles are those of logins and access tokens: there are no settings of the Okta API");
    // What was followed once is true no longer.
    await forgetReports(database.db);
  }

  const handovers = new HandoverWorker({
    ...{ db: database.db, pdp, revocations, logger, jobDecisions: intake.jobDecisions },
    current: directory?.lookup.current ?? (async (claimed) => claimed),
  });
  closers.push(() => handovers.stop());
  handovers.start();

  const connection = new OktaConnection({
    settings: oktaSettings,
    baseUrl: config.baseUrl,
    logger,
  });
  closers.push(() => connection.close());
  await Promise.all([connection.firstAttempt, directory?.firstRead]);

  handle = createApp({
    config,
    logger,
    database,
    pdp,
    decisionLog,
    decisionSinks: [intake.sink],
    sessionEvents: intake.sessionEvents,
    revocations,
    directory: directory?.lookup,
    eventHook: directory?.eventHook,
    okta: { settings: oktaSettings, connection },
    sessionSecret: config.sessionSecret ?? randomBytes(32).toString("hex"),
    demo: oktaStandIn?.demo,
    isStopping: () => stopping !== undefined,
    isClosing: () => isClosing,
  });
  closers.push(stopServing);
  drain = () => setTimeout(config.drainSeconds * 1000);
  console.log(`CRM ready at ${config.baseUrl}`);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // A second signal ends the process at once.
  process.on(signal, () => (stopping ? process.exit(1) : stop(0)));
}

// Node would print the error with all of its members, which may be rows and parameters.
process.on("uncaughtException", (error) => {
  console.error(JSON.stringify(describeError(error)));
  process.exit(1);
});

try {
  await start(loadConfig());
} catch (error) {
  printError(error);
  await stop(1);
}
