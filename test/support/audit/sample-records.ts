import { randomUUID } from "node:crypto";
import type { DecisionOutcome, DecisionRecord } from "../../../app/audit/record/record.js";
import { type DecisionRow, rowOf } from "../../../app/audit/record/row.js";
import type { CheckEvent, EnforcedEvent } from "../../../middleware/index.js";

/** What the app writes of a guard's or filter's decision. */
export type SampleRecord = EnforcedEvent & DecisionOutcome;

/** The time of the first sample record; in ms since the epoch. */
export const FIRST_TIME_MS = Date.parse("2026-03-01T10:00:00.000Z");

/**
 * A record as the app writes it. Records with different numbers differ in their times, people, contacts, actions and
 * effects.
 */
export function sampleRecord(n: number, more: Partial<SampleRecord> = {}): SampleRecord {
  return {
    id: randomUUID(),
    time: new Date(FIRST_TIME_MS + n * 5_000).toISOString(),
    requestId: randomUUID(),
    traceId: null,
    method: "GET",
    route: "/contacts/:id",
    principal: { id: `u${n % 50}`, roles: ["user"] },
    resource: { kind: "contact", id: `c${n % 200}` },
    action: n % 3 ? "read" : "update",
    effect: n % 10 ? "allow" : "deny",
    policy: "resource.contact.vdefault",
    policyVersion: "default",
    scope: "",
    rules: ["users-see-what-is-everyones"],
    derivedRoles: [],
    plan: null,
    source: "guard",
    checks: null,
    askedBy: null,
    counts: null,
    duration: 1.2,
    error: null,
    validationErrors: [],
    change: null,
    explanation: null,
    ...more,
  };
}

/** A record of what was asked ahead. */
export function checkRecord(n: number, checks: CheckEvent["checks"]): CheckEvent & DecisionOutcome {
  const nothing = {
    resource: null,
    action: null,
    effect: null,
    policy: null,
    policyVersion: null,
    scope: null,
  } as const;
  return { ...sampleRecord(n), ...nothing, source: "check", checks, rules: [], derivedRoles: [], plan: null };
}

/** A record of rows that were checked. */
export function countRecord(n: number, counts: CheckEvent["counts"]): CheckEvent & DecisionOutcome {
  return { ...checkRecord(n, []), counts };
}

/** The rows of records. */
export function rowsOf(records: readonly DecisionRecord[]): DecisionRow[] {
  return records.map(rowOf);
}
