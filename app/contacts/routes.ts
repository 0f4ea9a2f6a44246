import { type Response, Router } from "express";
import { authorize, wantsHtml } from "../../middleware/index.js";
import { ProblemError } from "../problems.js";
import { notify } from "../web/pages.js";
import { type Contact, contactChange, messagesOf, newContact } from "./contact.js";
import { checked } from "./input.js";
import { encodeCursor, listQuery } from "./list-query.js";
import { askToDelete, nameOf, showContact, showEditForm, showList, showNewForm, summaryOf, typed } from "./pages.js";
import { contactById, loadedContact, proposedContact } from "./resource.js";
import { type ContactStore, DuplicateEmailError } from "./store.js";
import { etagOf, requireIfMatch, staleVersion } from "./version.js";

/** Everything about contacts, as pages and as JSON. Each route begins with the guard that decides about it. */
export function contactRoutes(store: ContactStore): Router {
  const router = Router();
  const resource = contactById(store);

  router.get("/contacts", authorize("contact", "list"), async (req, res) => {
    const query = listQuery.safeParse(req.query);
    if (!query.success) {
      const fields = messagesOf(query.error);
      const detail = Object.entries(fields).map(([name, message]) => `${name} ${message}.`);
      throw new ProblemError(400, "Malformed request", detail.join(" "), { fields });
    }
    const page = await store.list(query.data);
    if (wantsHtml(req)) return showList(req, res, query.data, page, await store.count(query.data));
    res.json({ contacts: page.contacts, next: page.next && encodeCursor(query.data.sort, page.next) });
  });

  router.get("/contacts/new", authorize("contact", "create", { resource: proposedContact }), (req, res) => {
    showNewForm(req, res);
  });

  router.post("/contacts", authorize("contact", "create", { resource: proposedContact }), async (req, res) => {
    const ownerId = req.authz.principal?.id;
    if (!ownerId) throw new Error("a contact needs an owner");
    if (!wantsHtml(req)) {
      const contact = await store.create(checked(newContact, req.body), ownerId).catch(conflict);
      return sendContact(res.status(201).location(`/contacts/${contact.id}`), contact);
    }
    const input = newContact.safeParse(req.body ?? {});
    if (!input.success) {
      const errors = messagesOf(input.error);
      return showNewForm(req, res.status(422), { values: typed(req.body), errors, summary: summaryOf(errors) });
    }
    try {
      const contact = await store.create(input.data, ownerId);
      await notify(req, `${nameOf(contact)} was created.`);
      res.redirect(303, `/contacts/${contact.id}`);
    } catch (error) {
      if (!(error instanceof DuplicateEmailError)) throw error;
      const errors = { email: error.message };
      showNewForm(req, res.status(409), { values: typed(req.body), errors, summary: summaryOf(errors) });
    }
  });

  router.get("/contacts/:id", authorize("contact", "read", { resource }), (req, res) => {
    const contact = loadedContact(req);
    if (wantsHtml(req)) showContact(req, res, contact);
    else sendContact(res, contact);
  });

  router.patch("/contacts/:id", authorize("contact", "update", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    requireIfMatch(req, contact);
    const change = checked(contactChange, req.body);
    const updated = await store.update(contact.id, contact.version, change).catch(conflict);
    if (!updated) throw staleVersion();
    sendContact(res, updated);
  });

  router.get("/contacts/:id/edit", authorize("contact", "update", { resource }), (req, res) => {
    showEditForm(req, res, loadedContact(req));
  });

  router.post("/contacts/:id/edit", authorize("contact", "update", { resource }), async (req, res) => {
    const stored = loadedContact(req);
    const values = typed(req.body);
    const input = newContact.safeParse(req.body ?? {});
    const errors = input.success ? {} : messagesOf(input.error);
    // The version that was decided about is the only one that is written over.
    const isCurrent = versionIn(req.body) === stored.version;
    // A form sent back carries the stored version, so a stale one must be shown as stale before anything else.
    if (isCurrent && !input.success) {
      return showEditForm(req, res.status(422), stored, { values, errors, summary: summaryOf(errors) });
    }
    try {
      const updated = isCurrent && input.success && (await store.update(stored.id, stored.version, input.data));
      if (updated) {
        await notify(req, "Your changes were saved.");
        return res.redirect(303, `/contacts/${updated.id}`);
      }
    } catch (error) {
      if (!(error instanceof DuplicateEmailError)) throw error;
      const errors = { email: error.message };
      return showEditForm(req, res.status(409), stored, { values, errors, summary: summaryOf(errors) });
    }
    const now = await store.get(stored.id);
    if (!now) throw staleVersion();
    const summary = "Somebody else changed this contact while you were editing. Nothing was saved yet.";
    showEditForm(req, res.status(412), now, { values, errors, summary, stored: now });
  });

  router.delete("/contacts/:id", authorize("contact", "delete", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    // A deletion may do without a version: it cannot lose an edit that its sender meant to keep.
    if (req.get("if-match") !== undefined) requireIfMatch(req, contact);
    if (!(await store.remove(contact.id, contact.version))) throw staleVersion();
    res.status(204).end();
  });

  router.get("/contacts/:id/delete", authorize("contact", "delete", { resource }), (req, res) => {
    askToDelete(req, res, loadedContact(req));
  });

  router.post("/contacts/:id/delete", authorize("contact", "delete", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    const isCurrent = versionIn(req.body) === contact.version;
    if (!isCurrent || !(await store.remove(contact.id, contact.version))) throw staleVersion();
    await notify(req, `${nameOf(contact)} was deleted.`);
    res.redirect(303, "/contacts");
  });

  return router;
}

function sendContact(res: Response, contact: Contact): void {
  res.vary("Accept").set("ETag", etagOf(contact)).json(contact);
}

function conflict(error: unknown): never {
  if (!(error instanceof DuplicateEmailError)) throw error;
  throw new ProblemError(409, "Already there", error.message, { fields: { email: error.message } });
}

/** The hidden field of a form. */
function versionIn(body: unknown): number {
  const version = typeof body === "object" && body !== null && "version" in body ? body.version : undefined;
  return typeof version === "string" && /^\d{1,9}$/.test(version) ? Number(version) : Number.NaN;
}
