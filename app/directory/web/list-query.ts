import { z } from "zod";
import { decodePosition, encodePosition, pageLimit, storableText } from "../../web/query-validation.js";

/** Which people a list shows: those who are in Okta now, those who were deactivated or deleted there, or both. */
export const shownPeople = ["current", "gone", "all"] as const;

export const DEFAULT_SHOW = "current";
export const DEFAULT_LIMIT = 25;

/** Where a page begins: after the person with this folded name, and this id. */
export interface Cursor {
  readonly nameFolded: string;
  readonly id: string;
}

const position = z.tuple([storableText(), storableText()]);

/** The query string of the list of people. */
export const peopleQuery = z.object({
  q: storableText().trim().max(200, "must have at most 200 characters").default(""),
  show: z.enum(shownPeople, `must be one of ${shownPeople.join(", ")}`).default(DEFAULT_SHOW),
  limit: pageLimit(DEFAULT_LIMIT),
  after: z
    .string("must be given once")
    .max(4_000, "is not a cursor of this list")
    .transform((text, context): Cursor | undefined => {
      if (text === "") return undefined;
      const [nameFolded, id] = decodePosition(text, position) ?? [];
      if (nameFolded !== undefined && id !== undefined) return { nameFolded, id };
      context.addIssue({ code: "custom", message: "is not a cursor of this list" });
      return z.NEVER;
    })
    .optional(),
});
export type PeopleQuery = z.output<typeof peopleQuery>;

/** The cursor as clients get it. */
export function encodeCursor({ nameFolded, id }: Cursor): string {
  return encodePosition([nameFolded, id]);
}
