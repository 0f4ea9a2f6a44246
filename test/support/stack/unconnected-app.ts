import type { Express } from "express";
import { createApp } from "../../../app/app.js";
import { OktaConnection } from "../../../app/auth/okta-connection.js";
import { readConfig } from "../../../app/config.js";
import type { Db } from "../../../app/db/database.js";
import type { EventHook } from "../../../app/directory/hooks/event-hook.js";
import { createLogger } from "../../../app/web/operations/logger.js";
import { noDecisionLog } from "../audit/no-decision-log.js";
import { unrecordedRevocations } from "../directory/unrecorded-revocations.js";
import { allowing } from "../pdp/pdp-doubles.js";

/**
 * The CRM's own app, around services that are not called while it is put together.
 *
 * @param eventHook - default: there is none
 */
export function crm(eventHook?: EventHook): { app: Express; close: () => void } {
  const settings = { issuer: "https://127.0.0.1:1/oauth2/default", clientId: "crm", clientSecret: "secret" };
  const logger = createLogger("silent");
  const connection = new OktaConnection({
    settings,
    baseUrl: "https://crm.example.com",
    logger,
  });
  const uncalled = () => Promise.reject(new Error("called"));
  const app = createApp({
    decisionLog: noDecisionLog,
    decisionSinks: [],
    sessionEvents: { record: uncalled, recordIn: uncalled },
    revocations: unrecordedRevocations({} as Db),
    config: readConfig({}),
    logger,
    database: { db: {} as Db, ping: uncalled, close: uncalled },
    pdp: allowing(),
    okta: { settings, connection },
    sessionSecret: "secret",
    demo: undefined,
    directory: undefined,
    eventHook,
    isStopping: () => false,
    isClosing: () => false,
  });
  return { app, close: () => connection.close() };
}
