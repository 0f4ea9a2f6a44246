import type { Request } from "express";
import { z } from "zod";
import { outcomes } from "../../db/schema.js";
import { decodePosition, encodePosition, isoTime, pageLimit, storableText } from "../../web/query-validation.js";
import { fromWallClock, UTC } from "../../web/time/zones.js";
import { actionNamed } from "./actions.js";
import { periodNames } from "./periods.js";

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
/** Longest name that a contact is searched for by: a first and a last name. */
const MAX_NAME_CHARACTERS = 201;
/** A contact as a search names it. */
export type ContactTerm =
  | { readonly id: string; readonly name?: undefined }
  | { readonly name: string; readonly id?: undefined };

const contact = text(2_000).transform((value, context): ContactTerm => {
  const id = UUID.exec(value)?.[1];
  if (id) return { id: id.toLowerCase() };
  if (value.length <= MAX_NAME_CHARACTERS && !value.includes("/")) return { name: value };
  context.addIssue({ code: "custom", message: "must be a contact's name or id, or the address of its page" });
  return z.NEVER;
});

const TIME = /^[12]\d{3}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/;
const ZONE = /T.*(Z|[+-]\d\d:\d\d)$/;
const moment = text(40).transform((value, context) => {
  const time = timeIn(value, UTC);
  if (time) return time;
  context.addIssue({ code: "custom", message: "must be a time such as 2026-01-31T14:30" });
  return z.NEVER;
});

/** The time that a text names: on the clocks of a zone, where it does not name one itself. `undefined`: it is no time. */
function timeIn(text: string, zone: string): Date | undefined {
  const isZoned = ZONE.test(text);
  const time = new Date(isZoned || text.length <= 10 ? text : `${text}Z`);
  // JavaScript takes the 31st of February for the 3rd of March.
  const day = new Date(text.slice(0, 10));
  const isReal = !Number.isNaN(time.getTime()) && day.toJSON()?.startsWith(text.slice(0, 10));
  if (!TIME.test(text) || !isReal) return undefined;
  return isZoned ? time : fromWallClock(time, zone);
}

/**
 * A query string in which times without a zone, as browsers send them of a form, are those of a zone. In one that is not handed
 * through this they are in UTC.
 */
export function withTimesIn(query: Request["query"], zone: string): Request["query"] {
  const times = (["from", "to"] as const).flatMap((name) => {
    const { [name]: given } = query;
    const time = typeof given === "string" && timeIn(given.trim(), zone);
    return time ? [[name, time.toISOString()] as const] : [];
  });
  return { ...query, ...Object.fromEntries(times) };
}

/** How a decision came to be asked for: `tried` by guards and filters, `ahead` by checks, for what a page shows. */
export const askedValues = ["tried", "ahead"] as const;
export type Asked = (typeof askedValues)[number];

/** The parameters of a search, as text. */
const fields = {
  /** E-mail address, name or user id; `nobody` for requests without a user. */
  person: z.preprocess(blankAsAbsent, text(254).optional()),
  contact: z.preprocess(blankAsAbsent, contact.optional()),
  /** By its name in the policies, or a word for it: see `actions.ts`. */
  action: z.preprocess(blankAsAbsent, text(100).transform(actionNamed).optional()),
  effect: z.preprocess(blankAsAbsent, z.enum(["allow", "deny"], "must be allow or deny").optional()),
  outcome: z.preprocess(blankAsAbsent, z.enum(outcomes, `must be ${outcomes.join(", ")}`).optional()),
  asked: z.preprocess(blankAsAbsent, z.enum([...askedValues, "any"], "must be tried, ahead or any").optional()),
  /** Instead of `from` and `to`. */
  period: z.preprocess(blankAsAbsent, z.enum(periodNames, `must be ${periodNames.join(", ")}`).optional()),
  /** Inclusive. */
  from: z.preprocess(blankAsAbsent, moment.optional()),
  /** Exclusive. */
  to: z.preprocess(blankAsAbsent, moment.optional()),
};

/** The names of the parameters that narrow a search. */
export const searchFields = Object.keys(fields) as readonly (keyof typeof fields)[];

type Times = { period?: string | undefined; from?: Date | undefined; to?: Date | undefined };
const hasOnePeriod = ({ period, from, to }: Times) => period === undefined || (from === undefined && to === undefined);
const twoPeriods = { path: ["period"], message: "cannot be given together with from or to" };
type Asking = { asked?: string | undefined; outcome?: string | undefined };
const canHaveOutcome = ({ asked, outcome }: Asking) => outcome === undefined || asked !== "ahead";
const noOutcome = { path: ["outcome"], message: "cannot be given together with asked=ahead, which has no outcome" };
const isInOrder = ({ from, to }: Times) => !from || !to || from < to;
const outOfOrder = { path: ["to"], message: "must be later than from" };

/** The query string of an export or a live tail. */
export const auditSearch = z
  .object(fields)
  .refine(isInOrder, outOfOrder)
  .refine(hasOnePeriod, twoPeriods)
  .refine(canHaveOutcome, noOutcome);
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
  .refine(isInOrder, outOfOrder)
  .refine(hasOnePeriod, twoPeriods)
  .refine(canHaveOutcome, noOutcome);
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
