import { and, desc, eq, isNull, lt, not, type SQL, sql } from "drizzle-orm";
import { decisions } from "../../db/schema.js";
import { isCheck } from "../record/source.js";
import type { AuditSearch } from "./query.js";

/** What the log is searched for. */
export interface Search extends Omit<AuditSearch, "person" | "asked"> {
  /** `null` for requests without a user. */
  readonly personId?: string | null | undefined;
  /** `true` for checks alone, `false` for guards and filters alone; see `record/source.ts`. */
  readonly isCheck?: boolean | undefined;
}

/**
 * Makes a search of what a query string asks for.
 *
 * @param personId - the person that it names; `null` for requests without a user
 */
export function searchFor(query: AuditSearch, personId: string | null | undefined): Search {
  const { contact, action, effect, asked, from, to } = query;
  return { contact, action, effect, isCheck: asked && asked === "ahead", from, to, personId };
}

/** The condition of a search; `undefined` when it finds everything. */
export function conditionOf(search: Search): SQL | undefined {
  const { personId, contact, action, effect, from, to } = search;
  const { principalId, kind, resourceId } = decisions;
  return and(
    personId === undefined ? undefined : personId === null ? isNull(principalId) : eq(principalId, personId),
    contact === undefined ? undefined : and(eq(resourceId, contact), eq(kind, "contact")),
    action === undefined ? undefined : eq(decisions.action, action),
    // A literal, not a parameter: otherwise PostgreSQL cannot use the partial index of denied decisions.
    effect && sql`${decisions.effect} = ${sql.raw(effect === "deny" ? "'deny'" : "'allow'")}`,
    search.isCheck === undefined ? undefined : search.isCheck ? isCheck() : not(isCheck()),
    from && sql`${decisions.time} >= ${from.toISOString()}::timestamptz`,
    to && lt(decisions.time, to),
  );
}

/** The part of a search for which an index has the rows in order of time. */
export function indexedPart({ personId, contact, action, effect, from, to }: Search): Search {
  if (contact !== undefined) return { contact, from, to };
  if (personId !== undefined) return { personId, from, to };
  return action === undefined ? { effect, from, to } : { action, from, to };
}

/** The newest first, in the terms in which every search has an index in that order. */
export function newestFirst({ personId }: Search): SQL[] {
  const newest = [desc(decisions.time), desc(decisions.seq)];
  // PostgreSQL does not infer from "is null" that the index on this column is in order.
  return personId === null ? [desc(decisions.principalId), ...newest] : newest;
}
