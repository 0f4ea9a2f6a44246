import { z } from "zod";
import { decodePosition, encodePosition, isoTime, pageLimit, storableText } from "../../web/query-validation.js";
import { tagFilter } from "../tags.js";

/** What lists can be sorted by. A minus in front reverses the order. */
export const sortKeys = ["name", "email", "company", "title", "created", "updated"] as const;
export type SortKey = (typeof sortKeys)[number];

/** Parts of what a user may see: all of it, what they own, what is shared with them, their department's, of leavers. */
export const views = ["everyone", "mine", "shared", "team", "unowned"] as const;
export type View = (typeof views)[number];

export const DEFAULT_SORT = "name";
export const DEFAULT_LIMIT = 25;
export const DEFAULT_VIEW = "everyone";
/** The value of `owner` that means all who have left. */
export const OWNER_GONE = "gone";
const sorts = sortKeys.flatMap((key) => [key, `-${key}` as const]);

/** What a cursor has for each column of a sort. Times are ISO 8601 in UTC, to the millisecond. */
const positions: Readonly<Record<SortKey, readonly z.ZodType<string>[]>> = {
  name: [storableText(), storableText()],
  email: [storableText()],
  company: [storableText()],
  title: [storableText()],
  created: [isoTime()],
  updated: [isoTime()],
};

/** A place in a list: the row with these values of the sort's columns, and with this id. */
export interface Cursor {
  readonly values: readonly string[];
  readonly id: string;
}

const MAX_DAYS = 3_650;

/** Since when a contact must have been changed: a day, from its first moment in UTC on, or so many days ago. */
const changedSince = z
  .string("must be given once")
  .refine(
    (value) =>
      value === "" || daysOf(value) !== undefined || (/^[12]/.test(value) && z.iso.date().safeParse(value).success),
    `must be a day, such as 2026-11-28, or a number of days up to ${MAX_DAYS}, such as 7d`,
  );

/** How many days ago a value of `changedSince` means; `undefined` when it is a day. */
export function daysOf(value: string): number | undefined {
  const [, digits] = /^(\d{1,4})d$/.exec(value) ?? [];
  const days = Number(digits);
  return days >= 1 && days <= MAX_DAYS ? days : undefined;
}

/** A value of a filter. Forms send an empty one for a filter that is not set. */
function filterText(maxLength: number) {
  return storableText().trim().max(maxLength, `must have at most ${maxLength} characters`);
}

const cursor = () => z.string("must be given once").max(4_000, "is not a cursor of this list").optional();

/** The query string of a list. */
export const listQuery = z
  .object({
    q: filterText(200).default(""),
    view: z.enum(views, `must be one of ${views.join(", ")}`).default(DEFAULT_VIEW),
    owner: filterText(254).default(""),
    company: filterText(200).default(""),
    tag: tagFilter.default(""),
    changedSince: changedSince.default(""),
    sort: z.enum(sorts, `must be one of ${sortKeys.join(", ")}, with - in front for the reverse`).default(DEFAULT_SORT),
    limit: pageLimit(DEFAULT_LIMIT),
    after: cursor(),
    before: cursor(),
  })
  .transform(({ after, before, ...query }, context) => {
    const refuse = (name: string, message: string) => {
      context.addIssue({ code: "custom", path: [name], message });
      return z.NEVER;
    };
    if (after && before) return refuse("before", "cannot be given together with after");
    const cursors = { after: undefined as Cursor | undefined, before: undefined as Cursor | undefined };
    for (const [name, text] of Object.entries({ after, before })) {
      if (!text) continue;
      const cursor = decodeCursor(text, query.sort);
      if (!cursor) return refuse(name, "is not a cursor of this list");
      cursors[name as keyof typeof cursors] = cursor;
    }
    return { ...query, ...cursors };
  });
export type ListQuery = z.output<typeof listQuery>;

/** A list, whichever of its pages. */
export type List = Omit<ListQuery, "after" | "before">;

/** What narrows a list down, besides its view. */
export const filterNames = ["q", "owner", "company", "tag", "changedSince"] as const;
export type FilterName = (typeof filterNames)[number];

/** A list without filters, in a view. */
export function wholeView(view: View): List {
  return { q: "", view, owner: "", company: "", tag: "", changedSince: "", sort: DEFAULT_SORT, limit: DEFAULT_LIMIT };
}

/**
 * The query string of a list. Parameters with their default value are left out.
 *
 * @param page - where the page begins or ends; left out for the first page
 */
export function listParams(
  list: List,
  page: { readonly after?: string; readonly before?: string } = {},
): URLSearchParams {
  const { view, sort, limit } = list;
  const params = new URLSearchParams();
  if (view !== DEFAULT_VIEW) params.set("view", view);
  for (const name of filterNames) if (list[name] !== "") params.set(name, list[name]);
  if (sort !== DEFAULT_SORT) params.set("sort", sort);
  if (limit !== DEFAULT_LIMIT) params.set("limit", String(limit));
  for (const [name, cursor] of Object.entries(page)) params.set(name, cursor);
  return params;
}

/** The address of a list; see {@link listParams}. */
export function listUrl(list: List, page?: { readonly after?: string; readonly before?: string }): string {
  return addressOf(listParams(list, page).toString());
}

/** The address of the list with a query string, which may be empty. */
export function addressOf(query: string): string {
  return query === "" ? "/contacts" : `/contacts?${query}`;
}

/** The cursor as clients get it, valid for one sort only. */
export function encodeCursor(sort: ListQuery["sort"], { values, id }: Cursor): string {
  return encodePosition([sort, values, id]);
}

function decodeCursor(text: string, sort: ListQuery["sort"]): Cursor | undefined {
  const shape = z.tuple([z.literal(sort), z.tuple(positions[sortKeyOf(sort)] as []), z.uuid()]);
  const cursor = decodePosition(text, shape);
  return cursor && { values: cursor[1], id: cursor[2] };
}

/** The key of a sort, without its direction. */
export function sortKeyOf(sort: ListQuery["sort"]): SortKey {
  return sort.replace("-", "") as SortKey;
}
