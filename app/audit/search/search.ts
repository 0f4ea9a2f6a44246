import { and, desc, eq, isNull, lt, type SQL, sql } from "drizzle-orm";
import { decisions } from "../../db/schema.js";
import type { Asked, AuditSearch } from "./query.js";

/** What the log is searched for. */
export interface Search extends Omit<AuditSearch, "person" | "asked"> {
  /** `null` for requests without a user. */
  readonly personId?: string | null | undefined;
  /** `tried` for guards and filters alone, `ahead` for checks alone. Default: both. */
  readonly asked?: Asked | undefined;
}

/**
 * Makes a search of what a query string asks for.
 *
 * @param personId - the person that it names; `null` for requests without a user
 */
export function searchFor(query: AuditSearch, personId: string | null | undefined): Search {
  const { contact, action, effect, asked, from, to } = query;
  return { contact, action, effect, asked: asked === "any" ? undefined : asked, from, to, personId };
}

/** The condition of a search; `undefined` when it finds everything. */
export function conditionOf(search: Search): SQL | undefined {
  const { personId, contact, action, effect, asked, from, to } = search;
  const { principalId, kind, resourceId } = decisions;
  return and(
    personId === undefined ? undefined : personId === null ? isNull(principalId) : eq(principalId, personId),
    contact === undefined ? undefined : and(eq(resourceId, contact), eq(kind, "contact")),
    action === undefined ? undefined : eq(decisions.action, action),
    // Literals, not parameters: otherwise PostgreSQL cannot use the partial indexes.
    effect && sql`${decisions.effect} = ${sql.raw(effect === "deny" ? "'deny'" : "'allow'")}`,
    asked && sql`${decisions.source} ${sql.raw(asked === "ahead" ? "=" : "<>")} 'check'`,
    from && sql`${decisions.time} >= ${from.toISOString()}::timestamptz`,
    to && lt(decisions.time, to),
  );
}

/** Searches that find together what a search finds, and that have indexes: what was tried, and what was asked ahead. */
export function indexedSearches(search: Search): readonly [Search, Search?] {
  if (search.asked) return [search];
  return [
    { ...search, asked: "tried" },
    { ...search, asked: "ahead" },
  ];
}

/** The part of a search for which an index has the rows in order of time. */
export function indexedPart({ personId, contact, action, effect, asked, from, to }: Search): Search {
  if (contact !== undefined) return { contact, asked, from, to };
  if (personId !== undefined) return { personId, asked, from, to };
  return action === undefined ? { effect, asked, from, to } : { action, asked, from, to };
}

/** The newest first, in the terms in which every search has an index in that order. */
export function newestFirst({ personId }: Search): SQL[] {
  const newest = [desc(decisions.time), desc(decisions.seq)];
  // PostgreSQL does not infer from "is null" that the index on this column is in order.
  return personId === null ? [desc(decisions.principalId), ...newest] : newest;
}
