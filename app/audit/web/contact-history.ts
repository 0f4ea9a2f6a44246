import type { Request } from "express";
import { toSql } from "../../../middleware/sql/index.js";
import type { People } from "../../directory/people.js";
import type { DecisionStore } from "../search/store.js";
import { decisionColumns } from "./columns.js";
import { mayListDecisions } from "./resource.js";
import { type AuditRow, auditRows } from "./rows.js";
import { auditUrl } from "./urls.js";

const MAX_DECISIONS_SHOWN = 10;
/**
 * Most decisions that are read to find those: most are checks, by which the contact's page decides about its buttons.
 */
const MAX_DECISIONS_READ = 1_000;

/** The newest decisions about a contact, without checks. */
export interface RecentDecisions {
  readonly rows: readonly AuditRow[];
  /** The address of the search for all decisions about the contact. */
  readonly href: string;
}

/** Finds them; `null` for users who may not list decisions. */
export type ContactDecisions = (req: Request, contactId: string) => Promise<RecentDecisions | null>;

/**
 * Makes what a contact's page calls to show the newest decisions about the contact.
 *
 * Whether the user may list decisions at all is the menu's question: asked in the same tick, it takes no call of its
 * own. Which decisions they may list is asked as a filter, as on the log's own page: a check of each row would add ten
 * decisions to the log for every look at it. The link of a row leads to a page with its own guard.
 */
export function contactDecisions(store: DecisionStore, people: People): ContactDecisions {
  return async (req, contactId) => {
    if (!(await mayListDecisions(req))) return null;
    const filter = await req.authz.plan("decision", "list");
    if (filter.decision === "denied") return null;
    const permitted = toSql(filter, decisionColumns);
    const decisions = await store.newestAbout(contactId, permitted, MAX_DECISIONS_SHOWN, MAX_DECISIONS_READ);
    return { rows: await auditRows(people, decisions), href: auditUrl({ contact: contactId }) };
  };
}
