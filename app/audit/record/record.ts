import type { DecisionEvent } from "../../../middleware/index.js";
import type { decisions } from "../../db/schema.js";
import { canonicalJson } from "./canonical-json.js";
import type { Explanation } from "./explanation.js";

/** What a decision changed, when it was one that allowed a change. */
export interface Change {
  /** Of the contact. */
  readonly id: string;
  /** The version that the change made or, of a deletion, the one that it ended. */
  readonly version: number;
}

/** A decision as the log keeps it. */
export interface DecisionRecord extends DecisionEvent {
  /** `null` where nothing was changed. */
  readonly change: Change | null;
  /** Why it was refused, as far as the policy at hand tells; `null` where there is nothing to explain. */
  readonly explanation: Explanation | null;
}

/** A decision as a row of the table. */
export type DecisionRow = Omit<typeof decisions.$inferInsert, "seq">;

/** What has room in an index, in characters; the record has the whole. */
const LONGEST = 200;

/** PostgreSQL cannot store NUL, and half a surrogate pair is no text. */
function storable(text: string): string {
  return text.slice(0, LONGEST).replaceAll("\0", "\uFFFD").toWellFormed();
}

/**
 * The row of a record. The record itself is one line of canonical JSON (RFC 8785), so that whoever has the same record
 * can compute the same digest.
 */
export function rowOf(record: DecisionRecord): DecisionRow {
  return { ...columnsOf(record), record: canonicalJson(record) };
}

/** What a row repeats of its record, to be searched by. */
export function columnsOf({ id, time, principal, resource, action, effect, change }: DecisionRecord) {
  return {
    id: storable(id),
    time: new Date(time),
    principalId: principal && storable(principal.id),
    kind: storable(resource.kind),
    // A contact that is being created has no id when it is decided about.
    resourceId: change?.id ?? (resource.id && storable(resource.id)),
    action: storable(action),
    effect,
  };
}
