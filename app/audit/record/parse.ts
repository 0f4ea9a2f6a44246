import { z } from "zod";
import { clean, isoTime } from "../../web/query.js";
import type { StoredDecision } from "../search/store.js";
import { explanation } from "./explanation.js";
import type { DecisionRecord } from "./record.js";

/** What is said in place of a record that cannot be read. */
export const UNREADABLE = "This record cannot be read, as it is not what was written. Run audit:verify.";

/** What there is to tell of a decision in any case. */
export interface Gist extends Pick<DecisionRecord, "id" | "time" | "action" | "effect" | "change"> {
  readonly principal: { readonly id: string } | null;
  readonly resource: { readonly kind: string; readonly id: string | null };
}

/** A decision, read from the log. */
export interface ReadDecision {
  /** `null` when what is stored is no record: somebody has changed it since it was written. */
  readonly record: DecisionRecord | null;
  /** What the record says; without one, what its row repeats of it. */
  readonly gist: Gist;
}

const names = z.array(z.string());
const effect = z.enum(["allow", "deny"]);

/** All that pages and exports take for granted of a record. */
const decisionRecord = z.object({
  id: clean(),
  time: isoTime(),
  requestId: z.string().nullable(),
  traceId: z.string().nullable(),
  method: z.string(),
  route: z.string().nullable(),
  principal: z.object({ id: clean(), roles: names }).nullable(),
  resource: z.object({ kind: z.string(), id: clean().nullable() }),
  action: z.string(),
  effect,
  policy: z.string().nullable(),
  policyVersion: z.string().nullable(),
  scope: z.string().nullable(),
  rules: names,
  derivedRoles: names,
  plan: z.object({ kind: z.enum(["allowed", "denied", "conditional"]), condition: z.string().nullable() }).nullable(),
  source: z.enum(["authorize", "can", "filter"]),
  duration: z.number(),
  error: z.string().nullable(),
  change: z.object({ id: clean(), version: z.number() }).nullable(),
  explanation: explanation.nullable(),
}) satisfies z.ZodType<DecisionRecord>;

/** Reads a decision. Never throws: one record that somebody has spoilt must not hide the others. */
export function readDecision(stored: StoredDecision): ReadDecision {
  const json = objectIn(stored.record);
  // As it stands, with whatever else it may hold, and not as the schema would copy it.
  const record = decisionRecord.safeParse(json).success ? (json as DecisionRecord) : null;
  return { record, gist: record ?? gistOf(stored) };
}

/**
 * A decision as an object of JSON on one line: its record as it is stored, so that its digest is the one that its seal
 * names. Where that is no such line, which would spoil the others for whoever reads them, one that says so.
 */
export function lineOf(stored: StoredDecision): string {
  const { record } = stored;
  if (objectIn(record) && !/[\r\n]/.test(record)) return record;
  return JSON.stringify({ ...gistOf(stored), unreadable: UNREADABLE, stored: record });
}

/** The object that a text is as JSON; `undefined` when it is none. */
export function objectIn(text: string): object | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function gistOf({ id, time, principalId, kind, resourceId, action, effect }: StoredDecision): Gist {
  return {
    id,
    // PostgreSQL has times that JavaScript has not: infinity, say.
    time: time.toJSON() ?? "unknown",
    principal: principalId === null ? null : { id: principalId },
    resource: { kind, id: resourceId },
    action,
    effect,
    change: null,
  };
}
