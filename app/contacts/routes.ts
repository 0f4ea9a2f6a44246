import { type Request, Router } from "express";
import { authorize, wantsHtml } from "../../middleware/index.js";
import { toSql } from "../../middleware/sql/index.js";
import type { ContactDecisions } from "../audit/web/contact-history.js";
import type { DecisionLog } from "../audit/write/decision-log.js";
import type { People } from "../directory/people.js";
import { ProblemError } from "../problems.js";
import { notify } from "../web/pages.js";
import { malformed, messagesOf } from "../web/query-validation.js";
import { contactColumns } from "./columns.js";
import { type Contact, contactChange, contactFields, newContact } from "./contact.js";
import { nameOf, summaryOf } from "./labels.js";
import { encodeCursor, listQuery } from "./list-query.js";
import { askToDelete, showContact, showEditForm, showList, showNewForm, typed } from "./pages.js";
import { verifiedRows } from "./permissions.js";
import { requireIfMatch, sendContact, staleVersion, versionIn } from "./preconditions.js";
import { contactById, contactResource, loadedContact, proposedContact } from "./resource.js";
import { type ContactStore, DuplicateEmailError } from "./store.js";
import { checked } from "./validation.js";

/** Everything about contacts, as pages and as JSON. Each route begins with the guard that decides about it. */
export function contactRoutes(
  store: ContactStore,
  people: People,
  decisionLog: DecisionLog,
  decisionsOf: ContactDecisions = async () => null,
): Router {
  const router = Router();
  const resource = contactById(store);

  router.get("/contacts", authorize("contact", "list", { filter: true }), async (req, res) => {
    const query = listQuery.safeParse(req.query);
    if (!query.success) throw malformed(messagesOf(query.error));
    const permitted = toSql(req.authz.filter("contact", "list"), contactColumns);
    if (wantsHtml(req)) {
      const [page, total] = await Promise.all([store.list(query.data, permitted), store.count(query.data, permitted)]);
      return showList(req, res, query.data, page, total);
    }
    const { contacts, next } = await store.list(query.data, permitted);
    const rows = await verifiedRows(req, contacts);
    res.json({ contacts: rows.map(({ contact }) => contact), next: next && encodeCursor(query.data.sort, next) });
  });

  router.get("/contacts/new", authorize("contact", "create", { resource: proposedContact }), (req, res) =>
    showNewForm(req, res),
  );

  router.post("/contacts", authorize("contact", "create", { resource: proposedContact }), async (req, res) => {
    const { person: owner } = req;
    if (!owner) throw new Error("a contact needs an owner");
    if (!wantsHtml(req)) {
      const contact = await store
        .create(checked(newContact, req.body), owner, decisionLog.pendingChange(req))
        .catch((error) => conflict(req, error));
      return sendContact(res.status(201).location(`/contacts/${contact.id}`), contact);
    }
    const input = newContact.safeParse(req.body ?? {});
    if (!input.success) {
      const errors = messagesOf(input.error);
      return showNewForm(req, res.status(422), { values: typed(req.body), errors, summary: summaryOf(errors) });
    }
    try {
      const contact = await store.create(input.data, owner, decisionLog.pendingChange(req));
      await notify(req, `${nameOf(contact)} was created.`);
      res.redirect(303, `/contacts/${contact.id}`);
    } catch (error) {
      if (!(error instanceof DuplicateEmailError)) throw error;
      const errors = { email: duplicate(req) };
      await showNewForm(req, res.status(409), { values: typed(req.body), errors, summary: summaryOf(errors) });
    }
  });

  router.get("/contacts/:id", authorize("contact", "read", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    if (wantsHtml(req)) await showContact(req, res, people, decisionsOf, contact);
    else sendContact(res, contact);
  });

  router.patch("/contacts/:id", authorize("contact", "update", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    requireIfMatch(req, contact);
    const change = checked(contactChange, req.body);
    const updated = await store
      .update(contact.id, contact.version, change, decisionLog.pendingChange(req))
      .catch((error) => conflict(req, error, contact));
    if (!updated) throw staleVersion();
    sendContact(res, updated);
  });

  router.get("/contacts/:id/edit", authorize("contact", "update", { resource }), (req, res) =>
    showEditForm(req, res, loadedContact(req)),
  );

  router.post("/contacts/:id/edit", authorize("contact", "update", { resource }), async (req, res) => {
    const stored = loadedContact(req);
    const values = typed(req.body);
    // Only the fields: permission to update does not include permission to share.
    const input = contactFields.safeParse(req.body ?? {});
    const errors = input.success ? {} : messagesOf(input.error);
    // The version that was decided about is the only one that is written over.
    const isCurrent = versionIn(req.body) === stored.version;
    // A form sent back carries the stored version, so a stale one must be shown as stale before anything else.
    if (isCurrent && !input.success) {
      return showEditForm(req, res.status(422), stored, { values, errors, summary: summaryOf(errors) });
    }
    try {
      const updated =
        isCurrent &&
        input.success &&
        (await store.update(stored.id, stored.version, input.data, decisionLog.pendingChange(req)));
      if (updated) {
        await notify(req, "Your changes were saved.");
        return res.redirect(303, `/contacts/${updated.id}`);
      }
    } catch (error) {
      if (!(error instanceof DuplicateEmailError)) throw error;
      const errors = { email: duplicate(req, stored) };
      return showEditForm(req, res.status(409), stored, { values, errors, summary: summaryOf(errors) });
    }
    const now = await store.get(stored.id);
    // Who changed it meanwhile may have taken it out of these hands.
    if (!now || !(await req.authz.can(contactResource(now), "update"))) throw staleVersion();
    const summary = "This contact was changed meanwhile. Nothing was saved yet.";
    await showEditForm(req, res.status(412), now, { values, errors, summary, stored: now });
  });

  router.delete("/contacts/:id", authorize("contact", "delete", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    // A deletion may do without a version: it cannot lose an edit that its sender meant to keep.
    if (req.get("if-match") !== undefined) requireIfMatch(req, contact);
    if (!(await store.remove(contact.id, contact.version, decisionLog.pendingChange(req)))) throw staleVersion();
    res.status(204).end();
  });

  router.get("/contacts/:id/delete", authorize("contact", "delete", { resource }), (req, res) =>
    askToDelete(req, res, loadedContact(req)),
  );

  router.post("/contacts/:id/delete", authorize("contact", "delete", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    const isCurrent = versionIn(req.body) === contact.version;
    if (!isCurrent || !(await store.remove(contact.id, contact.version, decisionLog.pendingChange(req))))
      throw staleVersion();
    await notify(req, `${nameOf(contact)} was deleted.`);
    res.redirect(303, "/contacts");
  });

  return router;
}

/** The message for a contact that would be its owner's second one with the same e-mail address. */
function duplicate(req: Request, contact?: Contact): string {
  const whose = contact && contact.ownerId !== req.person?.id ? "Its owner already has" : "You already have";
  return `${whose} a contact with this e-mail address.`;
}

function conflict(req: Request, error: unknown, contact?: Contact): never {
  if (!(error instanceof DuplicateEmailError)) throw error;
  const message = duplicate(req, contact);
  throw new ProblemError(409, "Already there", message, { fields: { email: message } });
}
