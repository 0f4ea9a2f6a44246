import { Router } from "express";
import { z } from "zod";
import { authorize, wantsHtml } from "../../../middleware/index.js";
import type { Principals } from "../../directory/principals/store.js";
import { renderPage } from "../../web/pages.js";
import { malformed, messagesOf, storableText } from "../../web/query-validation.js";
import { nameOf, visibilityOf } from "../labels.js";
import { contactById, loadedContact } from "../resource.js";
import type { ContactStore } from "../store.js";
import { accessActions, actionWords } from "./actions.js";
import { panelNotes, peopleText, standingText } from "./labels.js";
import { findAccess, readPanel } from "./panel.js";

/** The query string of a panel: whom to look for. */
export const panelQuery = z.object({
  q: storableText().trim().max(200, "must have at most 200 characters").default(""),
});

/** Who may do what with a contact, as a page and as JSON: for those who may share it. */
export function accessRoutes(store: ContactStore, principals: Principals): Router {
  const router = Router();
  const resource = contactById(store);

  router.get("/contacts/:id/access", authorize("contact", "share", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    const query = panelQuery.safeParse(req.query);
    if (!query.success) throw malformed(messagesOf(query.error));
    const { q } = query.data;
    const { areOfDirectory } = principals;
    const read = async () => {
      const found = q === "" ? null : await findAccess(req, principals, contact, q);
      return { panel: await readPanel(req, principals, contact), found };
    };
    if (!wantsHtml(req)) {
      const { panel, found } = await read();
      const source = areOfDirectory ? "okta" : "logins";
      return void res.vary("Accept").json({ source, ...panel, ...(found && { found: found.people }) });
    }
    const locals = async () => {
      const { panel, found } = await read();
      return {
        contact,
        q,
        visibility: visibilityOf(contact),
        readers: peopleText(panel.audiences[contact.visibility].readers),
        columns: accessActions.map((action) => ({ action, label: actionWords[action] })),
        groups: panel.groups.map((group) => ({ ...group, label: standingText(group.standing, contact) })),
        notes: panelNotes(panel, areOfDirectory),
        found: found && {
          hasMore: found.hasMore,
          people: found.people.map((person) => ({ ...person, label: standingText(person.standing, contact) })),
        },
      };
    };
    await renderPage(req, res, "contacts/access", `Access to ${nameOf(contact)}`, locals());
  });

  return router;
}
