import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { asc, eq } from "drizzle-orm";
import express from "express";
import type { Logger } from "pino";
import { openExplainer } from "../../../app/audit/explain/explainer.js";
import type { DecisionRecord } from "../../../app/audit/record/record.js";
import { type DatabaseDecisionLog, type DecisionLog, openDecisionLog } from "../../../app/audit/write/decision-log.js";
import { contactRoutes } from "../../../app/contacts/routes.js";
import { sharingRoutes } from "../../../app/contacts/sharing/routes.js";
import { contactStore } from "../../../app/contacts/store.js";
import type { Db } from "../../../app/db/database.js";
import { contacts, decisions, unsealedDecisions } from "../../../app/db/schema.js";
import { type People, peopleStore } from "../../../app/directory/people.js";
import { principalOf } from "../../../app/directory/principal.js";
import { bodies } from "../../../app/web/body-parsers.js";
import { errors } from "../../../app/web/errors.js";
import { requestLog } from "../../../app/web/operations/logger.js";
import { noStore } from "../../../app/web/security-headers.js";
import { type Answer, authorization, type Check } from "../../../middleware/index.js";
import { type Client, clientOf } from "../http/client.js";
import { pdpThat } from "../pdp/pdp-doubles.js";
import { assertSound, silent } from "./sample-log.js";

const policies = fileURLToPath(new URL("../../../policies", import.meta.url));

/** The CRM's routes for contacts, with everything real but who is logged in and who decides. */
export interface Crm {
  readonly url: string;
  readonly log: DatabaseDecisionLog;
  /** How many requests are over: answered, or their client has gone. */
  readonly over: number;
  /** Somebody at the API, with the role `user`. */
  as(id: string): Client;
  /** What the log has, in order, when all that was recorded so far has been written. Makes sure that it is sound. */
  records(): Promise<readonly DecisionRecord[]>;
  /** What is stored of contacts. */
  contacts(): Promise<readonly (typeof contacts.$inferSelect)[]>;
  stop(): Promise<void>;
}

export interface CrmOptions {
  /** The PDP's answer. What it leaves out: allowed, with a call id of its own. May take its time. */
  readonly decide?: (check: Check) => Partial<Answer> | Promise<Partial<Answer>>;
  /** What to put in the place of the log that the routes see. */
  readonly logOf?: (log: DecisionLog) => DecisionLog;
  readonly peopleOf?: (people: People) => People;
  readonly logger?: Logger;
  /** The database that the log writes to. */
  readonly logDb?: Db;
}

/** Everybody who logs in, and whom contacts can be shared with. */
export const PEOPLE = ["uma", "olaf", "tina"];

export async function startCrm(db: Db, options: CrmOptions = {}): Promise<Crm> {
  const { decide = () => ({}), logOf = (log) => log, peopleOf = (people) => people, logger = silent } = options;
  const log = openDecisionLog(options.logDb ?? db, openExplainer(policies), logger);
  const shown = logOf(log);
  const people = peopleStore(db);
  for (const id of PEOPLE) {
    await people.remember({ id, email: `${id}@crm.example`, name: id, department: "Sales", roles: ["user"] }, "login");
  }
  let calls = 0;
  let over = 0;
  const pdp = pdpThat(
    () => assert.fail("asked in the old way"),
    () => ({ filter: { decision: "allowed" }, callId: `plan-${++calls}-${Date.now()}` }),
  );
  const app = express();
  app.use(requestLog(silent));
  app.use((_req, res, next) => {
    res.once("close", () => {
      over += 1;
    });
    next();
  });
  app.use(noStore);
  app.use((req, _res, next) => {
    const id = req.get("authorization")?.replace("Bearer ", "");
    if (id) {
      const groups = ["user"];
      req.person = { id, name: id, email: `${id}@crm.example`, department: "Sales", groups, roles: groups, claims: {} };
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
      decisions: { sinks: shown.sink ? [shown.sink] : [] },
    }),
  );
  app.use(bodies);
  app.use(contactRoutes(contactStore(db), peopleOf(people), shown));
  app.use(sharingRoutes(contactStore(db), peopleOf(people), shown));
  app.use(errors);
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    log,
    get over() {
      return over;
    },
    as: (id) => clientOf(url, id),
    async records() {
      await log.flush();
      const rows = await db
        .select()
        .from(decisions)
        .innerJoin(unsealedDecisions, eq(unsealedDecisions.seq, decisions.seq))
        .orderBy(asc(decisions.seq));
      assert.equal(rows.length, await db.$count(decisions), "a record that will never be sealed");
      return rows.map(({ decisions }) => assertSound(decisions));
    },
    contacts: () => db.select().from(contacts).orderBy(asc(contacts.id)),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await log.close();
    },
  };
}

/** Decisions of guards: what is left without those about buttons, which nobody has asked for here. */
export function ofGuards(records: readonly DecisionRecord[]): DecisionRecord[] {
  return records.filter(({ source }) => source === "authorize");
}
