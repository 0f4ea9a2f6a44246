import type { Request, Response } from "express";
import { renderPage } from "../web/pages.js";
import { type Contact, type Field, fields, type NewContact } from "./contact.js";
import { DEFAULT_SORT, encodeCursor, type ListQuery, sortKeyOf } from "./list-query.js";
import type { Page } from "./store.js";

type Values = Readonly<Record<Field, string>>;

/** The URL of a list. What is as it is by default is left out. */
export function listUrl({ q, sort, limit }: Omit<ListQuery, "after">, after?: string): string {
  const query = new URLSearchParams({
    ...(q && { q }),
    ...(sort !== DEFAULT_SORT && { sort }),
    ...(limit !== 25 && { limit: String(limit) }),
    ...(after && { after }),
  });
  return query.size > 0 ? `/contacts?${query}` : "/contacts";
}

export function showList(req: Request, res: Response, query: ListQuery, page: Page, total: number): void {
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
  renderPage(req, res, "contacts/index", "Contacts", {
    ...query,
    contacts: page.contacts,
    columns,
    total,
    next: page.next && listUrl(query, encodeCursor(sort, page.next)),
    first: query.after ? listUrl(query) : null,
    meId: req.person?.id,
  });
}

export function showContact(req: Request, res: Response, contact: Contact): void {
  renderPage(req, res, "contacts/show", nameOf(contact), { contact, meId: req.person?.id });
}

export function askToDelete(req: Request, res: Response, contact: Contact): void {
  renderPage(req, res, "contacts/delete", `Delete ${nameOf(contact)}?`, { contact });
}

/** What the form shows besides the fields: messages, and after a conflict what is stored now. */
interface FormState {
  readonly values?: Values;
  readonly errors?: Readonly<Record<string, string>>;
  readonly summary?: string;
  readonly stored?: Values;
}

const empty = Object.fromEntries(fields.map((field) => [field, ""])) as Record<Field, string>;

export function showNewForm(req: Request, res: Response, state: FormState = {}): void {
  showForm(req, res, "New contact", {
    // The menu's entry, also where the form comes back from POST /contacts.
    path: "/contacts/new",
    action: "/contacts",
    version: null,
    submitLabel: "Create contact",
    cancelHref: "/contacts",
    values: empty,
    ...state,
  });
}

export function showEditForm(req: Request, res: Response, contact: Contact, state: FormState = {}): void {
  showForm(req, res, `Edit ${nameOf(contact)}`, {
    action: `/contacts/${contact.id}/edit`,
    version: contact.version,
    submitLabel: "Save changes",
    cancelHref: `/contacts/${contact.id}`,
    values: contact,
    ...state,
  });
}

function showForm(req: Request, res: Response, heading: string, locals: FormState & Record<string, unknown>): void {
  renderPage(req, res, "contacts/form", heading, { heading, errors: {}, summary: null, stored: null, ...locals });
}

/** What was typed into a form, whatever it is, to be shown again. */
export function typed(body: unknown): Values {
  const given = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return Object.fromEntries(fields.map((field) => [field, text(given[field])])) as Record<Field, string>;
}

/** The message above a form. */
export function summaryOf(errors: Readonly<Record<string, string>>): string {
  const count = Object.keys(errors).length;
  return count === 1 ? "One field needs your attention." : `${count} fields need your attention.`;
}

export function nameOf({ firstName, lastName }: Pick<NewContact, "firstName" | "lastName">): string {
  return `${firstName} ${lastName}`.trim();
}
