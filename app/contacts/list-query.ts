import { z } from "zod";
import { decodePosition, encodePosition, isoTime, pageLimit, storableText } from "../web/query-validation.js";

/** What lists can be sorted by. A minus in front reverses the order. */
export const sortKeys = ["name", "email", "company", "title", "created", "updated"] as const;
export type SortKey = (typeof sortKeys)[number];

export const DEFAULT_SORT = "name";
export const DEFAULT_LIMIT = 25;
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

/** Where a page begins: after the row with these values of the sort's columns, and with this id. */
export interface Cursor {
  readonly values: readonly string[];
  readonly id: string;
}

/** The query string of a list. */
export const listQuery = z
  .object({
    q: storableText().trim().max(200, "must have at most 200 characters").default(""),
    sort: z.enum(sorts, `must be one of ${sortKeys.join(", ")}, with - in front for the reverse`).default(DEFAULT_SORT),
    limit: pageLimit(DEFAULT_LIMIT),
    /** `gone`: only contacts whose owner has left. */
    owner: z.enum(["gone"], "must be gone").optional(),
    after: z.string("must be given once").max(4_000, "is not a cursor of this list").optional(),
  })
  .transform(({ after, ...query }, context) => {
    if (!after) return { ...query, after: undefined };
    const cursor = decodeCursor(after, query.sort);
    if (cursor) return { ...query, after: cursor };
    context.addIssue({ code: "custom", path: ["after"], message: "is not a cursor of this list" });
    return z.NEVER;
  });
export type ListQuery = z.output<typeof listQuery>;

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
