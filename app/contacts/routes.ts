import type { Request, Response, Router } from "express";
import { authorize, wantsHtml } from "../../middleware/index.js";
import type { DecisionLog } from "../audit/write/decision-log.js";
import { ProblemError } from "../problems.js";
import { invalidFields, parseBody } from "../web/body-validation.js";
import { redirectWithNotice } from "../web/pages.js";
import { messagesOf } from "../web/query-validation.js";
import { type ContactPageSources, showContact } from "./access/contact-page.js";
import {
  type Contact,
  changesNothing,
  contactChange,
  contactFields,
  hasName,
  NAME_MISSING,
  type NewContact,
  newContact,
} from "./contact.js";
import { contactIdOf, formKey } from "./form-key.js";
import { sendContact } from "./json.js";
import { nameOf, summaryOf } from "./labels.js";
import { listLeft } from "./list/place.js";
import { formValues, showDeleteForm, showEditForm, showNewForm } from "./pages.js";
import { permissionsAfterChange } from "./permissions.js";
import { requireIfMatch, staleVersion, versionIn } from "./preconditions.js";
import { contactById, contactResource, loadedContact, proposedContact } from "./resource.js";
import { type ContactStore, DuplicateEmailError, DuplicateIdError } from "./store.js";

/**
 * Adds the routes of contacts, as pages and as JSON, except for those of sharing. Each route begins with its guard.
 *
 * @param router - has the routes of the list. One router for both: it says itself which methods an address has
 * @param page - what the page of a contact is made from
 */
export function contactRoutes(
  router: Router,
  store: ContactStore,
  decisionLog: DecisionLog,
  page: ContactPageSources,
): Router {
  const resource = contactById(store);
  const proposed = proposedContact(store);

  router.get("/contacts/new", authorize("contact", "create", { resource: proposed }), (req, res) =>
    showNewForm(req, res),
  );

  router.post("/contacts", authorize("contact", "create", { resource: proposed }), async (req, res) => {
    const { person: owner } = req;
    if (!owner) throw new Error("a contact needs an owner");
    if (!wantsHtml(req)) {
      const contact = await store
        .create(parseBody(newContact, req.body), owner, decisionLog.pendingChange(req))
        .catch(throwConflict);
      const may = await permissionsAfterChange(req, contact);
      return sendContact(res.status(201).location(`/contacts/${contact.id}`), contact, may?.share);
    }
    const input = newContact.safeParse(req.body ?? {});
    const [key, values] = [formKey(req.body), formValues(req.body)];
    if (!input.success) {
      const errors = messagesOf(input.error);
      return showNewForm(req, res.status(422), { key, values, errors, summary: summaryOf(errors) });
    }
    const id = contactIdOf(key, owner.id);
    try {
      const contact = await store.create(input.data, owner, decisionLog.pendingChange(req), id);
      await redirectWithNotice(req, res, `/contacts/${id}`, `${nameOf(contact)} was created.`);
    } catch (error) {
      if (!(error instanceof DuplicateEmailError || error instanceof DuplicateIdError)) throw error;
      const created = await store.get(id);
      if (created) return await answerAgain(req, res, created, input.data);
      const errors = { email: DUPLICATE_MESSAGE };
      await showNewForm(req, res.status(409), { key, values, errors, summary: summaryOf(errors) });
    }
  });

  router.get("/contacts/:id", authorize("contact", "read", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    if (wantsHtml(req)) await showContact(req, res, page, contact);
    else sendContact(res, contact, await req.authz.can(contactResource(contact), "share"));
  });

  router.patch("/contacts/:id", authorize("contact", "update", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    requireIfMatch(req, contact);
    const change = parseBody(contactChange, req.body);
    const { firstName = contact.firstName, lastName = contact.lastName } = change;
    if (!hasName({ firstName, lastName })) throw invalidFields({ firstName: NAME_MISSING });
    const duplicates = duplicatesBy(req, contact);
    const updated = changesNothing(contact, change)
      ? contact
      : await store
          .update(contact.id, contact.version, change, decisionLog.pendingChange(req), duplicates)
          .catch(duplicates === "refused" ? throwConflict : throwStale);
    if (!updated) throw staleVersion();
    sendContact(res, updated, (await permissionsAfterChange(req, updated))?.share);
  });

  router.get("/contacts/:id/edit", authorize("contact", "update", { resource }), (req, res) =>
    showEditForm(req, res, loadedContact(req)),
  );

  router.post("/contacts/:id/edit", authorize("contact", "update", { resource }), async (req, res) => {
    const stored = loadedContact(req);
    const values = formValues(req.body);
    // Only the fields: permission to update does not include permission to share.
    const input = contactFields.safeParse(req.body ?? {});
    const errors = input.success ? {} : messagesOf(input.error);
    const duplicates = duplicatesBy(req, stored);
    // Only the version that the guard has decided about may be overwritten.
    const isCurrent = versionIn(req.body) === stored.version;
    // A form that comes back gets the stored version. So a stale one is answered with 412 first, not with its errors.
    if (isCurrent && !input.success) {
      return showEditForm(req, res.status(422), stored, { values, errors, summary: summaryOf(errors) });
    }
    try {
      if (isCurrent && input.success && changesNothing(stored, input.data)) {
        return await redirectWithNotice(req, res, `/contacts/${stored.id}`, "Nothing was changed.");
      }
      const updated =
        isCurrent &&
        input.success &&
        (await store.update(stored.id, stored.version, input.data, decisionLog.pendingChange(req), duplicates));
      if (updated) return await redirectWithNotice(req, res, `/contacts/${updated.id}`, "Your changes were saved.");
    } catch (error) {
      if (duplicates === "allowed") throwStale(error);
      if (!(error instanceof DuplicateEmailError)) throw error;
      const errors = { email: DUPLICATE_MESSAGE };
      return showEditForm(req, res.status(409), stored, { values, errors, summary: summaryOf(errors) });
    }
    const latest = await store.get(stored.id);
    // The change that was made meanwhile may have taken the permission away.
    if (!latest || !(await req.authz.can(contactResource(latest), "update"))) throw staleVersion();
    const summary = "This contact was changed meanwhile. Nothing was saved yet.";
    await showEditForm(req, res.status(412), latest, { values, errors, summary, stored: latest });
  });

  router.delete("/contacts/:id", authorize("contact", "delete", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    // A deletion needs no version: it cannot overwrite an edit by accident.
    if (req.get("if-match") !== undefined) requireIfMatch(req, contact);
    if (!(await store.remove(contact.id, contact.version, decisionLog.pendingChange(req)))) throw staleVersion();
    res.status(204).end();
  });

  router.get("/contacts/:id/delete", authorize("contact", "delete", { resource }), (req, res) =>
    showDeleteForm(req, res, loadedContact(req)),
  );

  router.post("/contacts/:id/delete", authorize("contact", "delete", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    const isCurrent = versionIn(req.body) === contact.version;
    if (!isCurrent || !(await store.remove(contact.id, contact.version, decisionLog.pendingChange(req))))
      throw staleVersion();
    await redirectWithNotice(req, res, listLeft(req), `${nameOf(contact)} was deleted.`);
  });

  return router;
}

/** Answers to a form that has created a contact already. What has been typed since is not lost. */
async function answerAgain(req: Request, res: Response, created: Contact, input: NewContact): Promise<void> {
  const path = `/contacts/${created.id}`;
  if (changesNothing(created, input)) return redirectWithNotice(req, res, path, `${nameOf(created)} was created.`);
  // It may have been transferred since.
  if (!(await req.authz.can(contactResource(created), "update"))) return res.redirect(303, path);
  const summary = "This form has created the contact already. What you typed since is not saved yet.";
  await showEditForm(req, res.status(412), created, { values: formValues(req.body), summary, stored: created });
}

const DUPLICATE_MESSAGE = "You already have a contact with this e-mail address.";

/** Whether a change that a user makes may give the contact's owner an address twice. Of others nobody learns what they have. */
function duplicatesBy(req: Request, { ownerId }: Contact): "allowed" | "refused" {
  return ownerId === req.person?.id ? "refused" : "allowed";
}

/** Makes a {@link ProblemError} 409 of a {@link DuplicateEmailError}; throws other errors as they are. */
function throwConflict(error: unknown): never {
  if (!(error instanceof DuplicateEmailError)) throw error;
  throw new ProblemError(409, "Already there", DUPLICATE_MESSAGE, { fields: { email: DUPLICATE_MESSAGE } });
}

/** The contact is another user's: another change has given its owner the same address at the same moment. */
function throwStale(error: unknown): never {
  throw error instanceof DuplicateEmailError ? staleVersion() : error;
}
