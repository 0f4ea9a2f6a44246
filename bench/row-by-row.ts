import { contactColumns } from "../app/contacts/columns.js";
import { listQuery } from "../app/contacts/list/query.js";
import { contactResource } from "../app/contacts/resource.js";
import type { ContactStore } from "../app/contacts/store.js";
import type { Pdp, Principal } from "../middleware/index.js";
import { toSql } from "../middleware/sql/index.js";

const BATCH = 50;
const PAGE = 25;

/**
 * A page as tutorials make it: rows are read in their order, and the PDP is asked about each, in batches as large as it
 * takes, until there are enough.
 *
 * @returns how many contacts the page has
 */
export async function pageRowByRow(store: ContactStore, pdp: Pdp, principal: Principal): Promise<number> {
  let query = { ...listQuery.parse({}), limit: BATCH };
  let found = 0;
  for (;;) {
    const { contacts, next } = await store.list(query, toSql({ decision: "allowed" }, contactColumns));
    const checks = contacts.map((contact) => ({ kind: "contact", resource: contactResource(contact), action: "list" }));
    const answers = await pdp.check(principal, checks);
    found += answers.filter(({ allowed }) => allowed).length;
    if (found >= PAGE) return PAGE;
    if (!next) return found;
    query = { ...query, after: next };
  }
}
