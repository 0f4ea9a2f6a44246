import type { decisions } from "../../db/schema.js";
import { canonicalJson } from "./canonical-json.js";
import type { DecisionRecord } from "./record.js";

/** A decision as a row that was read from the table. */
export type StoredDecision = typeof decisions.$inferSelect;

/** A decision as a row that is inserted into the table, which makes the other columns. */
export type DecisionRow = Omit<StoredDecision, "seq" | "source" | "outcome">;

/** Longest text in a column with an index. The record itself has the whole text. */
const MAX_INDEXED_CHARACTERS = 200;

/** PostgreSQL stores neither NUL nor lone surrogates. */
function storable(text: string): string {
  return text.slice(0, MAX_INDEXED_CHARACTERS).replaceAll("\0", "\uFFFD").toWellFormed();
}

/**
 * The row of a record. The record's text is one line of canonical JSON (RFC 8785), so that the same record always has
 * the same digest.
 */
export function rowOf(record: DecisionRecord): DecisionRow {
  return { ...columnsOf(record), record: canonicalJson(record) };
}

/**
 * The columns that repeat members of the record, so that the table can be searched by them. The database itself makes the
 * column `source` of the record.
 */
export function columnsOf({ id, time, principal, resource, action, effect, change }: DecisionRecord) {
  return {
    id: storable(id),
    time: new Date(time),
    principalId: principal && storable(principal.id),
    kind: resource && storable(resource.kind),
    // A contact that is being created has no id yet when the decision is made.
    resourceId: change?.id ?? (resource?.id ? storable(resource.id) : null),
    action: action && storable(action),
    effect,
  };
}
