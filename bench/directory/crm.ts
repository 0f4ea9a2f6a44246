import { Sealer } from "../../app/audit/seal/sealer.js";
import { DirectoryLookup } from "../../app/directory/lookup/lookup.js";
import { OktaApi } from "../../app/directory/okta-api/client.js";
import { DirectorySync } from "../../app/directory/sync/directory-sync.js";
import { isLoaded } from "../../test/support/directory/sync-processes.js";
import { unrecordedRevocations } from "../../test/support/directory/unrecorded-revocations.js";
import { startInProcess } from "../../test/support/stack/in-process.js";
import { silentLogger } from "../../test/support/telemetry/silent-logger.js";
import { until } from "../../test/support/until.js";

/*
 * The CRM in a child process, once with a directory and once without one: two processes differ by more than a directory
 * costs. It sends its parent these addresses, and does what it is told: it follows Okta between "follow" and "rest",
 * writes and seals its decision log at "drain", and makes access tokens of the users whose ids it gets. It ends with its
 * parent.
 */

const FIRST_LOAD_LIMIT_MS = 300_000;
const SYNC_SECONDS = 60;

const [databaseUrl = "", org = "", apiToken = ""] = process.argv.slice(2);
const app = await startInProcess(databaseUrl);
const { db } = app.database;
const sealer = new Sealer(db, silentLogger, undefined);
sealer.start();
let sync: DirectorySync | undefined;
const directory = new DirectoryLookup({
  ...{ db, rules: { roleMap: undefined, attributes: [] }, maxAgeSeconds: 3_600, logger: silentLogger },
  fetchNow: async (id) => sync?.fetchNow(id),
});

/** What it does at each message, and answers. */
const work: Record<string, () => Promise<string>> = {
  async follow() {
    const managerAttribute = "managerId";
    const api = new OktaApi({
      org,
      credentials: { token: apiToken },
      attributes: [],
      managerAttribute,
      logger: silentLogger,
    });
    const settings = { org, managerAttribute, syncSeconds: SYNC_SECONDS, brakePercent: 10 };
    sync = new DirectorySync({ db, api, settings, revocations: unrecordedRevocations(db), logger: silentLogger });
    sync.start();
    await until(
      async () => (await isLoaded(db)) && (await directory.health()).isUpToDate,
      FIRST_LOAD_LIMIT_MS,
      "the load",
    );
    return "following";
  },
  async rest() {
    await sync?.stop();
    return "resting";
  },
  async drain() {
    await app.decisionLog.flush();
    await sealer.sealAll();
    return "drained";
  },
};
process.on("message", async (message) => {
  if (Array.isArray(message)) process.send?.(await Promise.all(message.map((id) => app.token(id, "user", "Sales"))));
  else process.send?.(await work[String(message)]?.());
});
process.once("disconnect", async () => {
  await sync?.stop();
  await sealer.stop();
  await app.stop();
  process.exit();
});
const sinks = [app.decisionLog.sink];
process.send?.({
  off: await app.serve(app.decisionLog, sinks),
  on: await app.serve(app.decisionLog, sinks, directory),
});
