import { openPostgres } from "../../../app/db/postgres.js";
import { OktaApi } from "../../../app/directory/okta-api/client.js";
import { DirectorySync } from "../../../app/directory/sync/directory-sync.js";
import { silentLogger } from "../telemetry/silent-logger.js";

// A process that follows an organization into a database until it is killed.
const [url = "", org = "", token = "", syncSeconds = ""] = process.argv.slice(2);
const { db } = await openPostgres(url, () => {});
const logger = silentLogger;
const api = new OktaApi({ org, credentials: { token }, attributes: [], logger });
const settings = { org, syncSeconds: Number(syncSeconds), brakePercent: 10 };
new DirectorySync({ db, api, settings, logger }).start();
console.log("started");
