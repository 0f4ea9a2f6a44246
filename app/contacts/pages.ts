import type { Request, Response } from "express";
import { renderPage } from "../web/pages.js";
import { type Contact, type Field, fields } from "./contact.js";
import { formKey } from "./form-key.js";
import { fieldLabels, nameOf } from "./labels.js";
import { listLeft } from "./list/place.js";
import { tagsText } from "./tags.js";

/** The values of a contact's form. */
type FormValues = Readonly<Record<Field | "tags", string>> & { readonly visibility?: string };

/** Answers with the page that asks whether a contact is to be deleted. */
export function showDeleteForm(req: Request, res: Response, contact: Contact): Promise<void> {
  return renderPage(req, res, "contacts/delete", `Delete ${nameOf(contact)}?`, { contact });
}

/** What a form that comes back shows: the values that were sent, messages, and after a conflict what is stored now. */
interface ContactFormState {
  readonly values?: FormValues;
  readonly errors?: Readonly<Record<string, string>>;
  readonly summary?: string;
  readonly stored?: Contact;
}

const emptyFields = Object.fromEntries(fields.map((field) => [field, ""])) as Record<Field, string>;

/**
 * Answers with the form of a new contact.
 *
 * @param state - with the form's key, when it comes back; see {@link formKey}
 */
export function showNewForm(
  req: Request,
  res: Response,
  state: ContactFormState & { readonly key?: string } = {},
): Promise<void> {
  return showForm(req, res, "New contact", {
    // So that the menu marks its entry also when the form comes back from POST /contacts.
    path: "/contacts/new",
    action: "/contacts",
    version: null,
    key: formKey(),
    submitLabel: "Create contact",
    cancelHref: listLeft(req),
    values: { ...emptyFields, tags: "", visibility: "everyone" },
    department: req.person?.department,
    ...state,
  });
}

/** Answers with the form of a stored contact. */
export function showEditForm(
  req: Request,
  res: Response,
  contact: Contact,
  state: ContactFormState = {},
): Promise<void> {
  return showForm(req, res, `Edit ${nameOf(contact)}`, {
    action: `/contacts/${contact.id}/edit`,
    version: contact.version,
    submitLabel: "Save changes",
    cancelHref: `/contacts/${contact.id}`,
    values: storedValues(contact),
    ...state,
  });
}

function showForm(
  req: Request,
  res: Response,
  heading: string,
  locals: ContactFormState & Record<string, unknown>,
): Promise<void> {
  return renderPage(req, res, "contacts/form", heading, {
    heading,
    fieldLabels,
    errors: {},
    summary: null,
    ...locals,
    stored: locals.stored ? storedValues(locals.stored) : null,
  });
}

/** The values of a stored contact, as its form has them. */
function storedValues(contact: Contact): FormValues {
  return { ...contact, tags: tagsText(contact.tags) };
}

/** What was entered into a form, valid or not, to be shown again. */
export function formValues(body: unknown): FormValues {
  const given = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const texts = Object.fromEntries(fields.map((field) => [field, text(given[field])])) as Record<Field, string>;
  return { ...texts, tags: text(given.tags), visibility: text(given.visibility) };
}
