import type { Request } from "express";
import { toSql } from "../../../middleware/sql/index.js";
import type { People } from "../../directory/people.js";
import { auditUrl } from "../search/query.js";
import type { DecisionStore } from "../search/store.js";
import { decisionColumns } from "./columns.js";
import { rowsOf } from "./pages.js";
import { mayListDecisions } from "./resource.js";
import type { AuditRow } from "./rows.js";

/** How many are shown. */
const NEWEST = 10;
/** Of how many of the newest: most are only about which buttons a page has. */
const LOOKED_AT = 1_000;

/** What was tried with a contact lately. */
export interface DecisionsOfContact {
  readonly rows: readonly AuditRow[];
  /** Where all of them are. */
  readonly href: string;
}

/** What a contact's page asks for the newest decisions about it; `null` for those who may not list decisions. */
export type ContactDecisions = (req: Request, contactId: string) => Promise<DecisionsOfContact | null>;

/**
 * Whether decisions may be listed at all is the menu's question: asked in one tick with it, it takes no call of its own.
 * Which of them is then asked as the log itself asks, as a filter: to ask about each row would put ten more decisions
 * on record for each look. Whoever opens one meets its own guard.
 */
export function contactDecisions(store: DecisionStore, people: People): ContactDecisions {
  return async (req, contactId) => {
    if (!(await mayListDecisions(req))) return null;
    const filter = await req.authz.plan("decision", "list");
    if (filter.decision === "denied") return null;
    const permitted = toSql(filter, decisionColumns);
    const decisions = await store.triedWith(contactId, permitted, NEWEST, LOOKED_AT);
    return { rows: await rowsOf(people, decisions), href: auditUrl({ contact: contactId }) };
  };
}
