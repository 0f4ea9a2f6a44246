import type { Request, Response } from "express";
import { nameAmong, type People } from "../../directory/people.js";
import { renderPage } from "../../web/pages.js";
import { allowOwnScript } from "../../web/security-headers.js";
import type { Contact } from "../contact.js";
import { nameOf } from "../labels.js";
import { permissionsOf, verifiedRows } from "../permissions.js";
import type { Page } from "./find.js";
import {
  changedChoices,
  countText,
  filterLabels,
  filterText,
  shortAgo,
  sortChoices,
  viewCount,
  viewLabels,
} from "./labels.js";
import { listLeft } from "./place.js";
import {
  addressOf,
  encodeCursor,
  filterNames,
  type List,
  type ListQuery,
  listParams,
  listUrl,
  sortKeyOf,
  type View,
  views,
  wholeView,
} from "./query.js";
import type { SavedView } from "./saved/store.js";

/** What a page of the list is made of. */
export interface ShownList {
  readonly query: ListQuery;
  readonly page: Page;
  readonly counts: Readonly<Record<View, number>>;
  /** What the owner is called that the list is filtered by, where it is one. */
  readonly ownerName: string | undefined;
  /** Those that the user keeps. */
  readonly savedViews: readonly SavedView[];
}

/** The columns of the table that a list is sorted by with a click. Forms offer all sorts. */
const sortedColumns = [
  ["name", "Name"],
  ["company", "Company"],
  ["email", "E-mail"],
  ["updated", "Changed"],
] as const;

/** Answers with a page of the list; only contacts that the PDP's check allows, too, are shown. */
export async function showList(req: Request, res: Response, people: People, shown: ShownList): Promise<void> {
  const { query, page } = shown;
  allowOwnScript(res);
  const locals = async () => {
    const [rows, known] = await Promise.all([
      verifiedRows(req, page.contacts),
      people.byIds([...new Set(page.contacts.map(({ ownerId }) => ownerId))]),
    ]);
    const meId = req.person?.id;
    const ownerOf = ({ ownerId }: Contact) => (ownerId === meId ? "You" : nameAmong(known, ownerId));
    const contacts = rows.map(({ contact }) => contact);
    return {
      ...listLocals(shown),
      rows: contacts.map((contact) => ({
        contact,
        owner: ownerOf(contact),
        isOwn: contact.ownerId === meId,
        changed: shortAgo(contact.updatedAt),
      })),
      // What is on the page is offered in the filters.
      suggested: {
        owner: different(contacts.map(({ ownerId }) => known.get(ownerId)?.name ?? "")),
        company: different(contacts.map(({ company }) => company)),
        tag: different(contacts.flatMap(({ tags }) => tags)),
      },
      next: page.next && listUrl(query, { after: encodeCursor(query.sort, page.next) }),
      previous: page.previous && listUrl(query, { before: encodeCursor(query.sort, page.previous) }),
    };
  };
  await renderPage(req, res, "contacts/index", "Contacts", locals());
}

/** What of the list's page does not depend on its rows. */
function listLocals({ query, page, counts, ownerName, savedViews }: ShownList) {
  const { sort, limit } = query;
  const { after, before, ...list } = query;
  const params = listParams(list);
  const here = params.toString();
  const saved = savedViews.map((view) => ({
    name: view.name,
    href: addressOf(view.query),
    isCurrent: view.query === here,
  }));
  const isSaved = saved.some(({ isCurrent }) => isCurrent);
  return {
    query: list,
    // What the search of the header keeps.
    list: Object.fromEntries(params),
    here,
    saved,
    views: views
      // Nobody needs to know that a view is there which has never had anything in it.
      .filter((view) => view !== "unowned" || counts.unowned > 0 || list.view === "unowned")
      .map((view) => ({
        label: viewLabels[view],
        href: listUrl({ ...wholeView(view), sort, limit }),
        count: viewCount(counts[view]),
        isCurrent: list.view === view && !isSaved,
      })),
    filters: filterNames
      .filter((name) => list[name] !== "")
      .map((name) => ({
        label: filterLabels[name],
        value: filterText(name, list[name], ownerName),
        without: listUrl({ ...list, [name]: "" }),
      })),
    unfiltered: listUrl({ ...wholeView(list.view), sort, limit }),
    unsearched: listUrl({ ...list, q: "" }),
    columns: sortedColumns.map(([key, label]) => sortedColumn(list, key, label)),
    sortChoices,
    changedChoices: changedChoices(list.changedSince),
    count: countText(page.total),
    first: after || page.previous ? listUrl(list) : null,
  };
}

function sortedColumn(list: List, key: (typeof sortedColumns)[number][0], label: string) {
  const isCurrent = sortKeyOf(list.sort) === key;
  const isDescending = isCurrent && list.sort.startsWith("-");
  // Of names A comes first, and of times the last one.
  const startsDescending = key === "updated";
  const next = isCurrent ? !isDescending : startsDescending;
  return {
    key,
    label,
    href: listUrl({ ...list, sort: next ? `-${key}` : key }),
    sorted: isCurrent ? (isDescending ? "descending" : "ascending") : null,
  };
}

/** Answers with the page of what the user may do with a contact of the list. The PDP is asked when it is opened. */
export async function showActions(req: Request, res: Response, contact: Contact): Promise<void> {
  const locals = async () => ({ contact, may: await permissionsOf(req, contact), back: listLeft(req) });
  await renderPage(req, res, "contacts/actions", `Actions for ${nameOf(contact)}`, locals());
}

function different(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.filter(Boolean))].sort();
}
