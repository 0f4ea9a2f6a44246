import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { asc, eq } from "drizzle-orm";
import express from "express";
import type { Logger } from "pino";
import { openExplainer } from "../../../app/audit/explain/explainer.js";
import type { DecisionRecord } from "../../../app/audit/record/record.js";
import { type OpenDecisionLog, openDecisionLog } from "../../../app/audit/write/decision-log.js";
import { recentLogins } from "../../../app/auth/login/recent-login.js";
import { accessRequestStore } from "../../../app/contacts/access/requests/store.js";
import { contactListRoutes } from "../../../app/contacts/list/routes.js";
import { contactRoutes } from "../../../app/contacts/routes.js";
import { sharingRoutes } from "../../../app/contacts/sharing/routes.js";
import { contactStore } from "../../../app/contacts/store.js";
import type { Db } from "../../../app/db/database.js";
import { contacts, decisions, unsealedDecisions } from "../../../app/db/schema.js";
import { type People, peopleStore } from "../../../app/directory/people.js";
import { peopleNow } from "../../../app/directory/people-now.js";
import { principalOf } from "../../../app/directory/principal.js";
import { principalStore } from "../../../app/directory/principals/store.js";
import { bodyParsers } from "../../../app/web/body-parsers.js";
import { errorHandler } from "../../../app/web/error-handler.js";
import { requestLog } from "../../../app/web/operations/logger.js";
import { noStore } from "../../../app/web/security-headers.js";
import { type Answer, authorization, type Check } from "../../../middleware/index.js";
import { useFixture } from "../fixture.js";
import { type Client, clientOf } from "../http/client.js";
import { pdpThat } from "../pdp/pdp-doubles.js";
import { silentLogger } from "../telemetry/silent-logger.js";
import { crmPolicies } from "./policy-folder.js";
import { assertConsistent } from "./sample-log.js";

/** The CRM's routes for contacts with the real decision log. Only the login and the PDP are doubles. */
export interface AuditedCrm {
  readonly url: string;
  readonly decisionLog: OpenDecisionLog;
  /** How many requests have ended: they were answered, or their clients have disconnected. */
  readonly endedRequests: number;
  /** A client of the API, logged in as a user with the role `user`; with an empty id, not logged in. */
  as(id: string): Client;
  /**
   * Writes what is still in memory, and reads the log, in order. Makes sure that each record is consistent and queued
   * for a seal.
   */
  records(): Promise<readonly DecisionRecord[]>;
  /** The contacts as they are stored. */
  contacts(): Promise<readonly (typeof contacts.$inferSelect)[]>;
  stop(): Promise<void>;
}

export interface AuditedCrmOptions {
  /** Makes the PDP's answer. Default of each member: allowed, with a new call id. */
  readonly decide?: (check: Check) => Partial<Answer> | Promise<Partial<Answer>>;
  /** Wraps the store of people that the routes use. */
  readonly wrapPeople?: (people: People) => People;
  /** The decision log's logger; default: a silent one. */
  readonly logger?: Logger;
  /** The database of the decision log; default: the one of the contacts. */
  readonly decisionDb?: Db;
}

/** The ids of the people who have logged in, so that contacts can be shared with them. */
const PEOPLE = ["uma", "olaf", "tina"];

async function startAuditedCrm(db: Db, options: AuditedCrmOptions = {}): Promise<AuditedCrm> {
  const { decide = () => ({}), wrapPeople = (people) => people } = options;
  const explainer = openExplainer(crmPolicies);
  const decisionLog = openDecisionLog(options.decisionDb ?? db, explainer, options.logger ?? silentLogger);
  const people = peopleStore(db);
  for (const id of PEOPLE) {
    await people.remember(
      { id, email: `${id}@crm.example`, emailIsVerified: true, name: id, department: "Sales", roles: ["user"] },
      "login",
    );
  }
  let plans = 0;
  let endedRequests = 0;
  const pdp = pdpThat(
    () => assert.fail("the PDP was asked for single checks"),
    () => ({ filter: { decision: "allowed" }, callId: `plan-${++plans}-${Date.now()}` }),
  );
  const app = express();
  app.use(requestLog(silentLogger));
  app.use((_req, res, next) => {
    res.once("close", () => {
      endedRequests += 1;
    });
    next();
  });
  app.use(noStore);
  app.use((req, _res, next) => {
    const id = req.get("authorization")?.replace("Bearer ", "");
    if (id) {
      const groups = ["user"];
      const email = `${id}@crm.example`;
      req.person = {
        id,
        name: id,
        email,
        emailIsVerified: true,
        department: "Sales",
        groups,
        roles: groups,
        claims: {},
      };
    }
    next();
  });
  const check = async (_principal: unknown, checks: readonly Check[]) => {
    const callId = crypto.randomUUID();
    return Promise.all(checks.map(async (check) => ({ allowed: true, callId, ...(await decide(check)) })));
  };
  app.use(
    authorization({
      pdp: { ...pdp, check },
      principal: principalOf,
      decisions: { sinks: [decisionLog.sink] },
    }),
  );
  app.use(bodyParsers);
  const list = contactListRoutes(db, contactStore(db), wrapPeople(people));
  const requests = accessRequestStore(db);
  app.use(
    contactRoutes(list, contactStore(db), decisionLog, {
      people: wrapPeople(people),
      requests,
      decisionsOf: async () => null,
    }),
  );
  app.use(
    sharingRoutes({
      ...{ store: contactStore(db), people: wrapPeople(people), decisionLog, recent: recentLogins(undefined) },
      ...{ principals: principalStore(db), requests, personNow: peopleNow(db, async (claimed) => claimed) },
    }),
  );
  app.use(errorHandler);
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    decisionLog,
    get endedRequests() {
      return endedRequests;
    },
    as: (id) => clientOf(url, id),
    async records() {
      await decisionLog.flush();
      const rows = await db
        .select()
        .from(decisions)
        .leftJoin(unsealedDecisions, eq(unsealedDecisions.seq, decisions.seq))
        .orderBy(asc(decisions.seq));
      for (const row of rows) assert(row.decisions_unsealed, "a record that will never be sealed");
      return rows.map(({ decisions }) => assertConsistent(decisions));
    },
    contacts: () => db.select().from(contacts).orderBy(asc(contacts.id)),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await decisionLog.close();
    },
  };
}

/**
 * Gives the suite that calls this a CRM.
 *
 * @param db - the suite's database
 * @returns can be used from the suite's first hook on
 */
export function useAuditedCrm(db: Db, options?: AuditedCrmOptions): AuditedCrm {
  return useFixture(
    () => startAuditedCrm(db, options),
    (crm) => crm.stop(),
  );
}

/**
 * Starts a CRM in each test of the suite that calls this, with the test's own options.
 *
 * @param db - the suite's database
 * @returns starts a CRM, which is stopped when the test has ended
 */
export function auditedCrmPerTest(db: Db): (options?: AuditedCrmOptions) => Promise<AuditedCrm> {
  const started: AuditedCrm[] = [];
  afterEach(async () => {
    for (const crm of started.splice(0)) await crm.stop();
  });
  return async (options) => {
    const crm = await startAuditedCrm(db, options);
    started.push(crm);
    return crm;
  };
}

/** The decisions of guards alone, without checks and lists. */
export function guardDecisions(records: readonly DecisionRecord[]): DecisionRecord[] {
  return records.filter(({ source }) => source === "guard");
}
