import type { Request } from "express";
import { toSql } from "../../../middleware/sql/index.js";
import type { People } from "../../directory/people.js";
import { timeZoneOf } from "../../web/time/zones.js";
import type { Search } from "../search/search.js";
import type { DecisionStore } from "../search/store.js";
import { decisionColumns } from "./columns.js";
import { mayListDecisions } from "./resource.js";
import { permittedRows } from "./row-checks.js";
import { type AuditRow, auditRows } from "./rows.js";
import { auditUrl } from "./urls.js";

const MAX_DECISIONS_SHOWN = 10;

/** The newest decisions about what was tried with a contact. */
export interface RecentDecisions {
  readonly rows: readonly AuditRow[];
  /** The address of the search for all decisions about the contact. */
  readonly href: string;
}

/** Finds them; `null` for users who may not list decisions. */
export type ContactDecisions = (req: Request, contactId: string) => Promise<RecentDecisions | null>;

/** Makes what a contact's page calls to show the newest decisions about the contact. */
export function contactDecisions(store: DecisionStore, people: People): ContactDecisions {
  return async (req, contactId) => {
    const tried = { contactIds: [contactId], asked: "tried" } as const;
    const rows = await newestDecisions(req, store, people, tried, MAX_DECISIONS_SHOWN);
    return rows && { rows, href: auditUrl({ contact: contactId }) };
  };
}

/**
 * The newest decisions that a search finds, for a page that is not the log's own; `null` for users who may not list decisions.
 *
 * Whether the user may list decisions at all is the menu's question: asked in the same tick, it takes no call of its
 * own. Which decisions they may list is asked as a filter, and each that is found is checked, as on the
 * log's own page. The link of a row leads to a page with its own guard.
 */
export async function newestDecisions(
  req: Request,
  store: DecisionStore,
  people: People,
  search: Search,
  limit: number,
): Promise<readonly AuditRow[] | null> {
  if (!(await mayListDecisions(req))) return null;
  const filter = await req.authz.plan("decision", "list");
  if (filter.decision === "denied") return null;
  const { decisions } = await store.list(search, toSql(filter, decisionColumns), limit);
  return auditRows(
    { people, contactNames: store.contactNames },
    await permittedRows(req, decisions),
    timeZoneOf(req.person),
  );
}
