import { wallClock } from "../../web/time/zones.js";
import { type AuditQuery, DEFAULT_LIMIT } from "../search/query.js";

/** The parameters that an address may have. A contact is named by its id or name. */
export type Parameters = { readonly [Name in keyof Omit<AuditQuery, "contact">]?: AuditQuery[Name] | undefined } & {
  readonly contact?: string | undefined;
};

/** What an address has to say so that it asks for what a query does. */
export function parametersOf({ contact, ...query }: Parameters | AuditQuery): Parameters {
  return { ...query, contact: typeof contact === "object" ? textOf(contact) : contact };
}

/** A contact as it can be typed: its id or name. */
export function textOf(contact: NonNullable<AuditQuery["contact"]>): string {
  return contact.id ?? contact.name;
}

/** The query string of a search, without a question mark. Defaults are left out. Times are in UTC, and say so. */
export function queryString(search: Parameters, more: Readonly<Record<string, string>> = {}): string {
  const { person, contact, action, effect, outcome, asked, period, from, to, limit = DEFAULT_LIMIT } = search;
  return new URLSearchParams({
    ...(person && { person }),
    ...(contact && { contact }),
    ...(action && { action }),
    ...(outcome && { outcome }),
    ...(effect && { effect }),
    ...(asked && { asked }),
    ...(period && { period }),
    ...(from && { from: utcTime(from) }),
    ...(to && { to: utcTime(to) }),
    ...(limit !== DEFAULT_LIMIT && { limit: String(limit) }),
    ...more,
  }).toString();
}

/**
 * The address of a page of the log. Without `asked` it shows what was tried.
 *
 * @param after - the encoded cursor of the page
 */
export function auditUrl(search: Parameters, after?: string): string {
  const { asked, ...others } = search;
  const query = queryString({ ...others, asked: asked === "tried" ? undefined : asked }, after ? { after } : {});
  return query ? `/audit?${query}` : "/audit";
}

/** The address of a decision's page. */
export function decisionUrl(id: string): string {
  return `/audit/${encodeURIComponent(id)}`;
}

/** A time as the clocks of a zone show it, in the format of an `<input type="datetime-local">`. */
export function localTime(time: Date, zone: string): string {
  return wallClock(time, zone)
    .toISOString()
    .replace(/(:00)?\.000Z$|Z$/, "");
}

/** A time in UTC, as short as it can be. */
function utcTime(time: Date): string {
  return time.toISOString().replace(/(:00)?\.000Z$/, "Z");
}
