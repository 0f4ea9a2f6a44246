import { OktaApiError } from "./errors.js";

/** Each link of a header `Link`, and its parameters (RFC 8288, section 3). */
const LINK = /<([^<>]*)>([^<>]*)/g;
const IS_NEXT = /;\s*rel\s*=\s*"?next"?\s*(?:[;,]|$)/i;

/**
 * The URL of a page of a list: a path, or a link that Okta has given.
 *
 * @throws {@link OktaApiError} of the kind `refused` when it is not at the organization: the credentials must not go to
 * another host
 */
export function urlOfPage(page: string, org: string): URL {
  const url = URL.canParse(page, org) ? new URL(page, org) : undefined;
  const isAtOrg = url?.origin === org && url.username === "" && url.password === "";
  if (!isAtOrg) throw new OktaApiError("refused", "a link of Okta's leads away from the organization");
  return url;
}

/**
 * The link to the next page (Okta, "Pagination"); `undefined` when there is none.
 *
 * @throws {@link OktaApiError} as {@link urlOfPage}
 */
export function nextLink(headers: Headers, org: string): string | undefined {
  const links = [...(headers.get("link") ?? "").matchAll(LINK)];
  const [, target] = links.find(([, , parameters = ""]) => IS_NEXT.test(parameters)) ?? [];
  return target === undefined ? undefined : urlOfPage(target, org).href;
}
