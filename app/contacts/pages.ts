import type { Request, Response } from "express";
import type { ContactDecisions } from "../audit/web/contact-history.js";
import { nameAmong, type People } from "../directory/people.js";
import { renderPage } from "../web/pages.js";
import { type Contact, type Field, fields } from "./contact.js";
import { formKey } from "./form-key.js";
import { accessOf, fieldLabels, nameOf, visibilityOf } from "./labels.js";
import { DEFAULT_LIMIT, DEFAULT_SORT, encodeCursor, type ListQuery, sortKeyOf } from "./list-query.js";
import { buttons, permissionsOf, verifiedRows } from "./permissions.js";
import type { Page } from "./store.js";

/** The values of a contact's form. */
type FormValues = Readonly<Record<Field, string>> & { readonly visibility?: string };

/**
 * The URL of a list. Parameters with their default value are left out.
 *
 * @param after - cursor of the page; left out for the first page
 */
export function listUrl({ q, owner, sort, limit }: Omit<ListQuery, "after">, after?: string): string {
  const query = new URLSearchParams({
    ...(q && { q }),
    ...(owner && { owner }),
    ...(sort !== DEFAULT_SORT && { sort }),
    ...(limit !== DEFAULT_LIMIT && { limit: String(limit) }),
    ...(after && { after }),
  });
  return query.size > 0 ? `/contacts?${query}` : "/contacts";
}

/** Answers with a page of the list; only contacts that the PDP's check allows, too, are shown. */
export async function showList(
  req: Request,
  res: Response,
  query: ListQuery,
  page: Page,
  total: number,
): Promise<void> {
  const { sort } = query;
  const headers = [
    ["name", "Name"],
    ["email", "E-mail"],
    ["company", "Company"],
    ["title", "Title"],
  ] as const;
  const columns = headers.map(([key, label]) => {
    const current = sortKeyOf(sort) === key;
    const descending = current && sort.startsWith("-");
    return {
      key,
      label,
      href: listUrl({ ...query, sort: current && !descending ? `-${key}` : key }),
      sorted: current ? (descending ? "descending" : "ascending") : null,
    };
  });
  const locals = async () => {
    const rows = await verifiedRows(req, page.contacts, buttons);
    return {
      ...query,
      owner: query.owner ?? null,
      everyOwner: listUrl({ ...query, owner: undefined }),
      ownerHasLeft: listUrl({ ...query, owner: "gone" }),
      unsearched: listUrl({ ...query, q: "" }),
      rows: rows.map((row) => ({ ...row, access: accessOf(row.contact, req.person?.id) })),
      columns,
      total,
      next: page.next && listUrl(query, encodeCursor(sort, page.next)),
      first: query.after ? listUrl(query) : null,
    };
  };
  await renderPage(req, res, "contacts/index", "Contacts", locals());
}

/** Answers with the page of one contact. */
export async function showContact(
  req: Request,
  res: Response,
  people: People,
  decisionsOf: ContactDecisions,
  contact: Contact,
): Promise<void> {
  const locals = async () => {
    const [may, known, decisions] = await Promise.all([
      permissionsOf(req, contact),
      people.byIds([contact.ownerId, ...contact.sharedWith]),
      decisionsOf(req, contact.id),
    ]);
    const meId = req.person?.id ?? "";
    return {
      contact,
      may,
      decisions,
      meId,
      ownerName: nameAmong(known, contact.ownerId),
      visibility: visibilityOf(contact),
      // Only users who may share the contact see with whom it is shared.
      sharedNames: may.share ? contact.sharedWith.map((id) => nameAmong(known, id)) : [],
      reportsToMe: contact.managers.includes(meId),
      sharedWithMe: contact.sharedWith.includes(meId) ? (contact.editors.includes(meId) ? "editor" : "viewer") : null,
    };
  };
  await renderPage(req, res, "contacts/show", nameOf(contact), locals());
}

/** Answers with the page that asks whether a contact is to be deleted. */
export function showDeleteForm(req: Request, res: Response, contact: Contact): Promise<void> {
  return renderPage(req, res, "contacts/delete", `Delete ${nameOf(contact)}?`, { contact });
}

/** What a form that comes back shows: the values that were sent, messages, and after a conflict what is stored now. */
interface ContactFormState {
  readonly values?: FormValues;
  readonly errors?: Readonly<Record<string, string>>;
  readonly summary?: string;
  readonly stored?: FormValues;
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
    cancelHref: "/contacts",
    values: { ...emptyFields, visibility: "everyone" },
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
    values: contact,
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
    stored: null,
    ...locals,
  });
}

/** What was entered into a form, valid or not, to be shown again. */
export function formValues(body: unknown): FormValues {
  const given = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const texts = Object.fromEntries(fields.map((field) => [field, text(given[field])])) as Record<Field, string>;
  return { ...texts, visibility: text(given.visibility) };
}
