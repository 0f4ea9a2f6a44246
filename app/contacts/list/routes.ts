import { type Request, Router } from "express";
import { authorize, wantsHtml } from "../../../middleware/index.js";
import { toSqlAlternatives } from "../../../middleware/sql/index.js";
import type { Db } from "../../db/database.js";
import type { People } from "../../directory/people.js";
import { ProblemError } from "../../problems.js";
import { malformed, messagesOf } from "../../web/query-validation.js";
import { contactColumns } from "../columns.js";
import { contactJson } from "../json.js";
import { verifiedRows } from "../permissions.js";
import { contactById, loadedContact } from "../resource.js";
import type { ContactStore } from "../store.js";
import { askerOf } from "./conditions.js";
import { meantOwners } from "./owners.js";
import { showActions, showList } from "./pages.js";
import { noteListLeft } from "./place.js";
import { encodeCursor, listQuery } from "./query.js";
import { viewsOf } from "./saved/store.js";

/** The list of contacts, as a page and as JSON, and the menus of its rows. */
export function contactListRoutes(db: Db, store: ContactStore, people: People): Router {
  const router = Router();
  router.use("/contacts", noteListLeft);

  router.get("/contacts", authorize("contact", "list", { filter: true }), async (req, res) => {
    const query = listQuery.safeParse(req.query);
    if (!query.success) throw malformedList(req, messagesOf(query.error));
    const permitted = toSqlAlternatives(req.authz.filter("contact", "list"), contactColumns);
    const asker = askerOf(req);
    const meant = await meantOwners(people, query.data.owner);
    const list = store.list(query.data, permitted, { asker, ...(meant && { owners: meant.ids }) });
    if (wantsHtml(req)) {
      const [page, counts, savedViews] = await Promise.all([
        list,
        store.countViews(permitted, asker),
        viewsOf(db, asker.id),
      ]);
      const shown = { query: query.data, page, counts, ownerName: meant?.name, savedViews };
      return showList(req, res, people, shown);
    }
    const { contacts, next } = await list;
    const rows = await verifiedRows(req, contacts, ["share"]);
    const shown = rows.map(({ contact, may }) => contactJson(contact, may.share));
    res.json({ contacts: shown, next: next && encodeCursor(query.data.sort, next) });
  });

  router.get("/contacts/:id/actions", authorize("contact", "read", { resource: contactById(store) }), (req, res) =>
    showActions(req, res, loadedContact(req)),
  );

  return router;
}

/** The error for an invalid query of a list. In pages it says what was typed, rather than how its parameter is called. */
function malformedList(req: Request, messages: Readonly<Record<string, string>>): ProblemError {
  const { q, ...others } = messages;
  if (q === undefined || Object.keys(others).length > 0 || !wantsHtml(req)) return malformed(messages);
  return new ProblemError(400, "This search cannot be used", `What you search for ${q}. Shorten it and try again.`);
}
