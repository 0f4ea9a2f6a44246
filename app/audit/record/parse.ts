import { z } from "zod";
import { isoTime, storableText } from "../../web/query-validation.js";
import { explanation } from "./explanation.js";
import type { Change, ReadRecord } from "./record.js";
import type { StoredDecision } from "./row.js";

/** What is shown in place of a record that cannot be read. */
export const UNREADABLE = "This record cannot be read, as it is not what was written. Run audit:verify.";

/** The members of a decision that are known even when its record cannot be read. What is about checks is `null`. */
export interface DecisionSummary extends Pick<ReadRecord, "id" | "time" | "action" | "effect"> {
  readonly principal: { readonly id: string } | null;
  readonly resource: { readonly kind: string; readonly id: string | null } | null;
  readonly change: Change | null;
}

/** A decision, parsed from a row of the log. */
export interface ParsedDecision {
  /** `null` when the stored text is no valid record: it was changed after it was written. */
  readonly record: ReadRecord | null;
  /** The record itself; when it cannot be read, what the other columns of its row repeat of it. */
  readonly summary: DecisionSummary;
  /** What came of it; `null` for checks. */
  readonly outcome: StoredDecision["outcome"];
}

const names = z.array(z.string());

/**
 * The members that pages and exports rely on. A record may have others: another version of the app may have written it.
 */
const everyRecord = z.object({
  id: storableText(),
  time: isoTime(),
  requestId: z.string().nullable(),
  traceId: z.string().nullable(),
  method: z.string().nullable(),
  route: z.string().nullable(),
  principal: z.object({ id: storableText(), roles: names }).nullable(),
  // Absent in records of version 0.1.
  askedBy: storableText().nullish(),
  duration: z.number(),
  error: z.string().nullable(),
  // Absent where there is nothing to say.
  outerRequestId: z.string().optional(),
  address: z.string().nullish(),
  directoryVersion: z.number().optional(),
  repeats: z.object({ count: z.number(), from: isoTime(), to: isoTime(), networks: z.array(z.string()) }).optional(),
});
const effect = z.enum(["allow", "deny"]);
/** Sources as they are named now, by their names in records. Version 0.1 wrote the last two. */
const sources = {
  guard: "guard",
  check: "check",
  filter: "filter",
  session: "session",
  authorize: "guard",
  can: "check",
} as const;

/** A record of a guard, a filter or, of version 0.1, a check. */
export const singleDecision = everyRecord.extend({
  source: z.enum(["guard", "filter", "authorize", "can"]),
  resource: z.object({ kind: z.string(), id: storableText().nullable() }),
  action: z.string(),
  effect,
  // Absent in records of version 0.1.
  checks: z.null().optional(),
  counts: z.null().optional(),
  policy: z.string().nullable(),
  policyVersion: z.string().nullable(),
  scope: z.string().nullable(),
  rules: names,
  derivedRoles: names,
  plan: z.object({ kind: z.enum(["allowed", "denied", "conditional"]), condition: z.string().nullable() }).nullable(),
  change: z.object({ id: storableText(), version: z.number() }).nullable(),
  explanation: explanation.nullable(),
});
/** A record of what happened to a session. */
export const ofSession = singleDecision.extend({
  source: z.literal("session"),
  reason: z.string().nullable(),
  address: z.string().nullable(),
});
/** A record of what was asked ahead. */
export const checks = everyRecord.extend({
  source: z.literal("check"),
  resource: z.null(),
  action: z.null(),
  effect: z.null(),
  checks: z.array(z.object({ kind: z.string(), id: z.string(), effects: z.record(z.string(), effect) })),
  // Absent in records of versions before there were counts.
  counts: z
    .array(z.object({ kind: z.string(), action: z.string(), checked: z.number(), allowed: z.number() }))
    .nullish(),
  policy: z.null(),
  policyVersion: z.null(),
  scope: z.null(),
  rules: z.tuple([]),
  derivedRoles: z.tuple([]),
  plan: z.null(),
  change: z.null(),
  explanation: z.null(),
});
const anyRecord = z.union([singleDecision, checks, ofSession]);

/** Parses a decision. Never throws: one record that was tampered with must not hide the others. */
export function parseDecision(stored: StoredDecision): ParsedDecision {
  const record = readRecord(parseObject(stored.record));
  return { record, summary: record ?? summaryOf(stored), outcome: stored.outcome };
}

function readRecord(json: object | undefined): ReadRecord | null {
  const { success, data } = anyRecord.safeParse(json);
  if (!success) return null;
  // The object itself, not the schema's copy, which would lack the members that the schema does not know.
  const { askedBy = null, checks = null, counts = null, source } = data;
  return { ...json, askedBy, checks, counts, source: sources[source] } as ReadRecord;
}

/**
 * A decision as one line of JSON. It is the record exactly as it is stored, so that its digest is the one in its seal.
 * A record that is no JSON object on one line would corrupt the lines around it: it becomes an object that says so,
 * with the stored text as a member.
 */
export function jsonLineOf(stored: StoredDecision): string {
  const { record } = stored;
  if (parseObject(record) && !/[\r\n]/.test(record)) return record;
  return JSON.stringify({ ...summaryOf(stored), unreadable: UNREADABLE, stored: record });
}

/** Parses a JSON object; `undefined` when the text is none. */
export function parseObject(text: string): object | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function summaryOf({ id, time, principalId, kind, resourceId, action, effect }: StoredDecision): DecisionSummary {
  return {
    id,
    // PostgreSQL has times that JavaScript does not have, such as infinity.
    time: time.toJSON() ?? "unknown",
    principal: principalId === null ? null : { id: principalId },
    resource: kind === null ? null : { kind, id: resourceId },
    action,
    effect,
    change: null,
  };
}
