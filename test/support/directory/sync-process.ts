import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import { openPostgres } from "../../../app/db/postgres.js";
import { eventHookRoutes } from "../../../app/directory/hooks/routes.js";
import { openDirectory } from "../../../app/directory/open-directory.js";
import { requestLog } from "../../../app/web/operations/logger.js";
import { silentLogger } from "../telemetry/silent-logger.js";

// A process that follows an organization into a database, and takes what its hook tells, until it is killed. It prints
// the hook's address.
const [url = "", org = "", token = "", hookSecret = "", syncSeconds = ""] = process.argv.slice(2);
const { db } = await openPostgres(url, () => {});
const okta = { org, credentials: { token }, hookSecret };
const settings = { syncSeconds: Number(syncSeconds), maxAgeSeconds: 900, brakePercent: 10, attributes: [] };
const { eventHook } = openDirectory(db, okta, settings, { roleMap: undefined }, silentLogger);
if (!eventHook) throw new Error("there is no secret for the hook");
const server = express().use(requestLog(silentLogger), eventHookRoutes(eventHook)).listen(0, "127.0.0.1");
await once(server, "listening");
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/okta/events`);
