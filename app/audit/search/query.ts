import { z } from "zod";
import { clean, isoTime, pageLimit } from "../../web/query.js";

/** How many decisions a page has when nobody says otherwise. */
export const DEFAULT_LIMIT = 50;

/** Where a page begins: behind this decision, which is older than all before it. */
export interface Cursor {
  /** ISO 8601 in UTC, to the millisecond. */
  readonly time: string;
  readonly seq: number;
}

// Forms send fields that nothing was typed into.
const filled = (value: unknown) => (typeof value === "string" && value.trim() === "" ? undefined : value);

function text(longest: number) {
  return clean().trim().max(longest, `must have at most ${longest} characters`);
}

const UUID = /(?:^|\/contacts\/)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-f-])/i;
const contactId = text(2_000).transform((value, context) => {
  const id = UUID.exec(value)?.[1];
  if (id) return id.toLowerCase();
  context.addIssue({ code: "custom", message: "must be a contact's id, or the address of its page" });
  return z.NEVER;
});

const TIME = /^[12]\d{3}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/;
// What browsers send of a field for local times has no zone: it is taken for UTC, as the page says.
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

/** What decisions are searched for by, as text. */
const fields = {
  /** E-mail address, name or user id; `nobody`: nobody was logged in. */
  person: z.preprocess(filled, text(254).optional()),
  contact: z.preprocess(filled, contactId.optional()),
  action: z.preprocess(filled, text(100).optional()),
  effect: z.preprocess(filled, z.enum(["allow", "deny"], "must be allow or deny").optional()),
  /** What somebody tried, or what the app only asked ahead, to show or hide what leads there. */
  asked: z.preprocess(filled, z.enum(["tried", "ahead"], "must be tried or ahead").optional()),
  /** From this moment on. */
  from: z.preprocess(filled, moment.optional()),
  /** Before this moment. */
  to: z.preprocess(filled, moment.optional()),
};

/** The names of what can be searched by. */
export const searchFields = Object.keys(fields) as readonly (keyof typeof fields)[];

const isInOrder = ({ from, to }: { from?: Date | undefined; to?: Date | undefined }) => !from || !to || from < to;
const outOfOrder = { path: ["to"], message: "must be later than from" };

/** What is searched for. */
export const auditSearch = z.object(fields).refine(isInOrder, outOfOrder);
export type AuditSearch = z.output<typeof auditSearch>;

/** The query string of a page of the log, checked. */
export const auditQuery = z
  .object({
    ...fields,
    limit: z.preprocess(filled, pageLimit(DEFAULT_LIMIT)),
    after: z.preprocess(
      filled,
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

/** What addresses say of a search. */
type Shown = { readonly [Name in keyof AuditQuery]?: AuditQuery[Name] | undefined };

/** The query string that searches for the same, without a question mark. What is as it is by default is left out. */
export function queryOf(search: Shown, more: Readonly<Record<string, string>> = {}): string {
  const { person, contact, action, effect, asked, from, to, limit = DEFAULT_LIMIT } = search;
  return new URLSearchParams({
    ...(person && { person }),
    ...(contact && { contact }),
    ...(action && { action }),
    ...(effect && { effect }),
    ...(asked && { asked }),
    ...(from && { from: localTime(from) }),
    ...(to && { to: localTime(to) }),
    ...(limit !== DEFAULT_LIMIT && { limit: String(limit) }),
    ...more,
  }).toString();
}

/** The address of a page of the log. */
export function auditUrl(search: Shown, after?: string): string {
  const query = queryOf(search, after ? { after } : {});
  return query ? `/audit?${query}` : "/audit";
}

/** A time as browsers want it in a field for local times, but in UTC. */
export function localTime(time: Date): string {
  return time.toISOString().replace(/(:00)?\.000Z$|Z$/, "");
}

/** The cursor as clients see it: opaque. */
export function encodeCursor({ time, seq }: Cursor): string {
  return Buffer.from(JSON.stringify([time, seq])).toString("base64url");
}

const position = z.tuple([isoTime(), z.int().min(0)]);

function decodeCursor(text: string): Cursor | undefined {
  try {
    const [time, seq] = position.parse(JSON.parse(Buffer.from(text, "base64url").toString()));
    return { time, seq };
  } catch {
    return undefined;
  }
}
