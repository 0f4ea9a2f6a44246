import { and, desc, eq, inArray, isNull, lt, type SQL, sql } from "drizzle-orm";
import { decisions, outcomes } from "../../db/schema.js";
import type { Asked, AuditSearch } from "./query.js";

/** What the log is searched for. */
export interface Search extends Omit<AuditSearch, "person" | "contact" | "asked" | "period"> {
  /** `null` for requests without a user. */
  readonly personId?: string | null | undefined;
  /** One of these contacts; not many. */
  readonly contactIds?: readonly string[] | undefined;
  /** `tried` for guards and filters alone, `ahead` for checks alone. Default: both. */
  readonly asked?: Asked | undefined;
}

/** The condition of a search; `undefined` when it finds everything. */
export function conditionOf(search: Search): SQL | undefined {
  const { personId, contactIds, action, effect, outcome, asked, from, to } = search;
  const { principalId, kind, resourceId } = decisions;
  return and(
    personId === undefined ? undefined : personId === null ? isNull(principalId) : eq(principalId, personId),
    contactIds === undefined ? undefined : and(isOneOf(contactIds), eq(kind, "contact")),
    action === undefined ? undefined : eq(decisions.action, action),
    // Literals, not parameters: otherwise PostgreSQL cannot use the partial indexes.
    effect && sql`${decisions.effect} = ${sql.raw(effect === "deny" ? "'deny'" : "'allow'")}`,
    outcome && eq(decisions.outcome, outcome),
    asked && sql`${decisions.source} ${sql.raw(asked === "ahead" ? "=" : "<>")} 'check'`,
    from && sql`${decisions.time} >= ${from.toISOString()}::timestamptz`,
    to && lt(decisions.time, to),
  );

  function isOneOf(ids: readonly string[]): SQL {
    const [only] = ids;
    return ids.length === 1 && only !== undefined ? eq(resourceId, only) : inArray(resourceId, [...ids]);
  }
}

/**
 * Searches that find together what a search finds, and that have indexes: what was tried and what was asked ahead, of each
 * contact, and of an action each outcome.
 */
export function indexedSearches(search: Search): readonly [Search, ...Search[]] {
  // What was asked ahead has no outcome.
  const asked = search.outcome === undefined ? search.asked : "tried";
  const both = asked ? [{ ...search, asked }] : (["tried", "ahead"] as const).map((asked) => ({ ...search, asked }));
  const [first = search, ...others] = both.flatMap(ofEachContact).flatMap(ofEachOutcome);
  return [first, ...others];
}

function ofEachContact(search: Search): readonly Search[] {
  const { contactIds = [] } = search;
  return contactIds.length > 1 ? contactIds.map((id) => ({ ...search, contactIds: [id] })) : [search];
}

/** Of people and contacts there are not as many decisions as of an action. */
function ofEachOutcome(search: Search): readonly Search[] {
  const { personId, contactIds, action, effect, outcome, asked } = search;
  if (action === undefined || outcome || asked === "ahead" || personId !== undefined || contactIds) return [search];
  const isPossible = (each: string) => effect === undefined || (each === "refused") === (effect === "deny");
  return outcomes.filter(isPossible).map((outcome) => ({ ...search, outcome }));
}

/** The part of a search for which an index has the rows in order of time. */
export function indexedPart({ personId, contactIds, action, effect, outcome, asked, from, to }: Search): Search {
  if (contactIds !== undefined) return { contactIds, asked, from, to };
  if (personId !== undefined) return { personId, asked, from, to };
  if (action !== undefined) return { action, outcome, asked, from, to };
  return outcome === undefined ? { effect, asked, from, to } : { outcome, asked, from, to };
}

/** The newest first, in the terms in which every search has an index in that order. */
export function newestFirst({ personId }: Search): SQL[] {
  const newest = [desc(decisions.time), desc(decisions.seq)];
  // PostgreSQL does not infer from "is null" that the index on this column is in order.
  return personId === null ? [desc(decisions.principalId), ...newest] : newest;
}
