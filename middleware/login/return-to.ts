import type { Request } from "express";

/** Any origin will do: only whether a path leaves it matters. */
const ANY_ORIGIN = "http://app.invalid";

/**
 * Makes sure that a redirect stays within this app, such as the one after the login.
 *
 * @param value - the path that a request asks for, unchecked
 * @returns the path with its query; `/` when `value` is no path of this app
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Unvalidated_Redirects_and_Forwards_Cheat_Sheet.html
 * @example
 * app.post("/login", passwordChecked, (req, res) => res.redirect(localPath(req.query.returnTo)));
 */
export function localPath(value: unknown): string {
  if (typeof value !== "string" || !value.startsWith("/") || !URL.canParse(value, ANY_ORIGIN)) return "/";
  const { origin, pathname, search } = new URL(value, ANY_ORIGIN);
  // Parsing removes the dot of "/.//elsewhere". What is left, "//elsewhere", is the address of another site.
  return origin === ANY_ORIGIN ? pathname.replace(/^\/+/, "/") + search : "/";
}

/** The path of a login that leads back to what a request asked for, as its parameter `returnTo`. */
export function loginPath(login: string, { originalUrl }: Request): string {
  const returnTo = encodeURIComponent(localPath(originalUrl));
  return `${login}${login.includes("?") ? "&" : "?"}returnTo=${returnTo}`;
}
