import { pino } from "pino";
import { Sealer } from "../app/audit/seal/sealer.js";
import { noLog } from "../test/support/audit/no-decision-log.js";
import { startInProcess } from "../test/support/stack/in-process.js";

/*
 * The whole CRM under load, in a child process: once with its decision log, and once without. It sends its
 * parent both addresses, and tokens. To the message "memory" it answers with its memory in bytes; to "drain" it answers
 * when the log is written and sealed. It ends with its parent.
 */

const [databaseUrl = ""] = process.argv.slice(2);
const app = await startInProcess(databaseUrl);
const sealer = new Sealer(app.database.db, pino({ level: "silent" }), undefined);
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
const [user, auditor] = await Promise.all([app.token("uma", "user", "Sales"), app.token("ada", "auditor", "")]);
process.send?.({ url: app.url, urlWithoutLog: await app.serve(noLog), user, auditor });
