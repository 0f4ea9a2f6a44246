import { toSqlAlternatives } from "../../../middleware/sql/index.js";
import type { Home } from "../../web/start/home.js";
import { contactColumns } from "../columns.js";
import { accessOf } from "../labels.js";
import { verifiedRows } from "../permissions.js";
import { ownContact } from "../resource.js";
import type { ContactStore } from "../store.js";
import { askerOf } from "./conditions.js";
import { shortAgo, viewCount, viewLabels } from "./labels.js";
import { listUrl, views, wholeView } from "./query.js";

const MAX_SHOWN = 8;

/** The contacts' part of the start page: how many there are in each view, and those that were changed last. */
export function contactHome(store: ContactStore): Home {
  return async (req) => {
    // The menu's question: asked in the same tick, it takes no call of its own.
    const [may] = await req.authz.canEach([ownContact(req)], ["list"]);
    if (!may?.list) return [];
    const filter = await req.authz.plan("contact", "list");
    if (filter.decision === "denied") return [];
    const changed = { sort: "-updated", limit: MAX_SHOWN, after: undefined, before: undefined } as const;
    const permitted = toSqlAlternatives(filter, contactColumns);
    const asker = askerOf(req);
    const [{ contacts }, counts] = await Promise.all([
      store.list({ ...wholeView("everyone"), ...changed }, permitted, { asker }),
      store.countViews(permitted, asker),
    ]);
    const rows = await verifiedRows(req, contacts);
    const locals = {
      views: views
        // An empty view leads nowhere, but the user's own says that there is nothing yet.
        .filter((view) => counts[view] > 0 || view === "mine")
        .map((view) => ({ label: viewLabels[view], href: listUrl(wholeView(view)), count: viewCount(counts[view]) })),
      rows: rows.map(({ contact }) => ({
        contact,
        access: accessOf(contact, req.person?.id),
        changed: shortAgo(contact.updatedAt),
      })),
    };
    const more = { href: listUrl({ ...wholeView("everyone"), sort: "-updated" }), label: "All that changed" };
    return [{ title: "Contacts", more, view: "/contacts/home", locals }];
  };
}
