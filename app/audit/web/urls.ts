import { type AuditQuery, DEFAULT_LIMIT } from "../search/query.js";

/** The parameters that an address may have. */
type Parameters = { readonly [Name in keyof AuditQuery]?: AuditQuery[Name] | undefined };

/** The query string of a search, without a question mark. Defaults are left out. */
export function queryString(search: Parameters, more: Readonly<Record<string, string>> = {}): string {
  const { person, contact, action, effect, asked, from, to, limit = DEFAULT_LIMIT } = search;
  return new URLSearchParams({
    ...(person && { person }),
    ...(contact && { contact }),
    ...(action && { action }),
    ...(effect && { effect }),
    ...(asked && { asked }),
    ...(from && { from: localTime(from) }),
    ...(to && { to: localTime(to) }),
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

/** A time in UTC, in the format of an `<input type="datetime-local">`. */
export function localTime(time: Date): string {
  return time.toISOString().replace(/(:00)?\.000Z$|Z$/, "");
}
