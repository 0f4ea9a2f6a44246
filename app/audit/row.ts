import type { Colleague } from "../people/people.js";
import type { DecisionRecord } from "./record.js";
import { auditUrl } from "./search.js";
import { NOBODY } from "./who.js";
import { logTime, occasions, reasonOf } from "./words.js";

/** A decision as a row of a table shows it. */
export type AuditRow = ReturnType<typeof rowOfRecord>;

/** What a row shows of a decision. */
export function rowOfRecord(record: DecisionRecord, known: ReadonlyMap<string, Colleague>) {
  const { id, time, principal, action, effect, source } = record;
  return {
    href: `/audit/${encodeURIComponent(id)}`,
    time,
    timeText: logTime(time),
    person: principal ? (known.get(principal.id)?.name ?? principal.id) : NOBODY,
    isKnown: principal === null || known.has(principal.id),
    personHref: auditUrl({ person: principal?.id ?? NOBODY }),
    action,
    ...thingOf(record),
    effect,
    reason: reasonOf(record),
    source,
    occasion: occasions[source],
  };
}

/** Everything that a record says was decided about, and where more of the same is. */
function thingOf({ resource: { kind, id }, change }: DecisionRecord) {
  const thing = change?.id ?? id;
  const special: Readonly<Record<string, string>> = { "*": "all", new: "new" };
  if (thing === null) return { kind, thing: "none", thingHref: null };
  if (Object.hasOwn(special, thing)) return { kind, thing: special[thing] ?? "", thingHref: null };
  const hrefs: Readonly<Record<string, string>> = {
    contact: auditUrl({ contact: thing }),
    decision: `/audit/${encodeURIComponent(thing)}`,
  };
  return { kind, thing: thing.length > 12 ? `${thing.slice(0, 8)}…` : thing, thingHref: hrefs[kind] ?? null };
}

/** Ids of everybody whom records name. */
export function idsIn(records: readonly DecisionRecord[]): string[] {
  return [...new Set(records.flatMap(({ principal }) => principal?.id ?? []))];
}
