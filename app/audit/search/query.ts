import { z } from "zod";
import { decodePosition, encodePosition, isoTime, pageLimit, storableText } from "../../web/query-validation.js";

/** Decisions on a page, unless the query says otherwise. */
export const DEFAULT_LIMIT = 50;

/** Where a page begins: after this decision, which is older than all before it. */
export interface Cursor {
  /** ISO 8601 in UTC, to the millisecond. */
  readonly time: string;
  readonly seq: number;
}

/** Forms send empty fields, too. */
const blankAsAbsent = (value: unknown) => (typeof value === "string" && value.trim() === "" ? undefined : value);

function text(maxLength: number) {
  return storableText().trim().max(maxLength, `must have at most ${maxLength} characters`);
}

const UUID = /(?:^|\/contacts\/)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-f-])/i;
const contactId = text(2_000).transform((value, context) => {
  const id = UUID.exec(value)?.[1];
  if (id) return id.toLowerCase();
  context.addIssue({ code: "custom", message: "must be a contact's id, or the address of its page" });
  return z.NEVER;
});

const TIME = /^[12]\d{3}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/;
// Browsers send a datetime-local field without a zone. The page labels it as UTC.
const moment = text(40).transform((value, context) => {
  const isZoned = value.length <= 10 || /(Z|[+-]\d\d:\d\d)$/.test(value);
  const time = new Date(isZoned ? value : `${value}Z`);
  // JavaScript takes the 31st of February for the 3rd of March.
  const day = new Date(value.slice(0, 10));
  const isReal = !Number.isNaN(time.getTime()) && day.toJSON()?.startsWith(value.slice(0, 10));
  if (TIME.test(value) && isReal) return time;
  context.addIssue({ code: "custom", message: "must be a time such as 2026-01-31T14:30, in UTC" });
  return z.NEVER;
});

/** How a decision came to be asked for: `tried` by guards and filters, `ahead` by checks, for what a page shows. */
export const askedValues = ["tried", "ahead"] as const;
export type Asked = (typeof askedValues)[number];

/** The parameters of a search, as text. */
const fields = {
  /** E-mail address, name or user id; `nobody` for requests without a user. */
  person: z.preprocess(blankAsAbsent, text(254).optional()),
  contact: z.preprocess(blankAsAbsent, contactId.optional()),
  action: z.preprocess(blankAsAbsent, text(100).optional()),
  effect: z.preprocess(blankAsAbsent, z.enum(["allow", "deny"], "must be allow or deny").optional()),
  asked: z.preprocess(blankAsAbsent, z.enum([...askedValues, "any"], "must be tried, ahead or any").optional()),
  /** Inclusive. */
  from: z.preprocess(blankAsAbsent, moment.optional()),
  /** Exclusive. */
  to: z.preprocess(blankAsAbsent, moment.optional()),
};

/** The names of the parameters that narrow a search. */
export const searchFields = Object.keys(fields) as readonly (keyof typeof fields)[];

const isInOrder = ({ from, to }: { from?: Date | undefined; to?: Date | undefined }) => !from || !to || from < to;
const outOfOrder = { path: ["to"], message: "must be later than from" };

/** The query string of an export or a live tail. */
export const auditSearch = z.object(fields).refine(isInOrder, outOfOrder);
export type AuditSearch = z.output<typeof auditSearch>;

/** The query string of a page of the log. */
export const auditQuery = z
  .object({
    ...fields,
    limit: z.preprocess(blankAsAbsent, pageLimit(DEFAULT_LIMIT)),
    after: z.preprocess(
      blankAsAbsent,
      text(200)
        .transform((value, context) => {
          const cursor = decodeCursor(value);
          if (cursor) return cursor;
          context.addIssue({ code: "custom", message: "is not a cursor of this list" });
          return z.NEVER;
        })
        .optional(),
    ),
  })
  .refine(isInOrder, outOfOrder);
export type AuditQuery = z.output<typeof auditQuery>;

/** The cursor as clients get it. */
export function encodeCursor({ time, seq }: Cursor): string {
  return encodePosition([time, seq]);
}

const position = z.tuple([isoTime(), z.int().min(0)]);

function decodeCursor(text: string): Cursor | undefined {
  const [time, seq] = decodePosition(text, position) ?? [];
  return time === undefined || seq === undefined ? undefined : { time, seq };
}
