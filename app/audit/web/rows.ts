import type { Colleague } from "../../directory/people.js";
import { type Gist, type ReadDecision, UNREADABLE } from "../record/parse.js";
import { NOBODY } from "../search/person.js";
import { auditUrl } from "../search/query.js";
import { logTime, occasions, reasonOf } from "./sentences.js";

/** A decision as a row of a table shows it. */
export type AuditRow = ReturnType<typeof rowOfDecision>;

/** What a row shows of a decision. */
export function rowOfDecision({ record, gist }: ReadDecision, known: ReadonlyMap<string, Colleague>) {
  const { id, time, principal, action, effect } = gist;
  return {
    href: `/audit/${encodeURIComponent(id)}`,
    time,
    timeText: logTime(time),
    person: principal ? (known.get(principal.id)?.name ?? principal.id) : NOBODY,
    isKnown: principal === null || known.has(principal.id),
    personHref: auditUrl({ person: principal?.id ?? NOBODY }),
    action,
    ...thingOf(gist),
    effect,
    reason: record ? reasonOf(record) : UNREADABLE,
    occasion: record ? occasions[record.source] : "",
  };
}

/** What was decided about, and where more of the same is. */
function thingOf({ resource: { kind, id }, change }: Gist) {
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

/** Ids of everybody whom decisions name. */
export function idsIn(decisions: readonly ReadDecision[]): string[] {
  return [...new Set(decisions.flatMap(({ gist }) => gist.principal?.id ?? []))];
}
