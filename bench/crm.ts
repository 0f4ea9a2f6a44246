import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import { Sealer } from "../app/audit/seal/sealer.js";
import { decisionStore } from "../app/audit/search/store.js";
import { type Format, sendExport } from "../app/audit/web/export.js";
import { noDecisionLog } from "../test/support/audit/no-decision-log.js";
import { condition } from "../test/support/database/condition.js";
import { startInProcess } from "../test/support/stack/in-process.js";
import { silentLogger } from "../test/support/telemetry/silent-logger.js";

/*
 * The whole CRM under load, in a child process: once with its decision log, and once without; and the export of the log
 * once more, without checks of what is exported. It sends its parent these addresses, and tokens. To the message "memory" it answers with its memory in bytes; to "drain" it answers
 * when the log is written and sealed. It ends with its parent.
 */

/** The requests of one user take turns, so a load of many requests at once is one of many users. */
const USERS = 16;

const [databaseUrl = ""] = process.argv.slice(2);
const app = await startInProcess(databaseUrl);
const sealer = new Sealer(app.database.db, silentLogger, undefined);
sealer.start();

process.on("message", async (message) => {
  if (message === "drain") {
    await app.decisionLog.flush();
    await sealer.sealAll();
  }
  process.send?.(process.memoryUsage.rss());
});
process.once("disconnect", async () => {
  await sealer.stop();
  await app.stop();
  process.exit();
});
const users = await Promise.all(Array.from({ length: USERS }, (_, n) => app.token(`user-${n}`, "user", "Sales")));
const auditor = await app.token("ada", "auditor", "");
process.send?.({
  url: app.url,
  urlWithoutLog: await app.serve(noDecisionLog, []),
  urlWithoutChecks: await serveUnchecked(),
  users,
  auditor,
});

/** Serves exports of the whole log to everybody, and checks nothing. */
async function serveUnchecked(): Promise<string> {
  const store = decisionStore(app.database.db);
  const unchecked = { permitted: async <T>(decisions: T) => decisions, end: async () => {} };
  const server = express()
    .get("/audit/export", (req, res) =>
      sendExport(res, store, {}, condition`TRUE`, unchecked, req.query.format as Format),
    )
    .listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
