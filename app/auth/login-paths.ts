/** Paths that Okta must know of this app. */
export const loginPaths = {
  login: "/login",
  callback: "/authorization-code/callback",
  logout: "/logout",
  afterLogout: "/",
} as const;

/** Longest path to which a login leads back. The browser keeps it in a cookie meanwhile. */
const MAX_RETURN_TO_LENGTH = 1_536;

/**
 * The path that starts a login.
 *
 * @param returnTo - path of this app where the browser goes after the login; the start page if it is too long
 * @param isRetry - whether a login is begun again by itself. Default `false`
 */
export function loginUrl(returnTo: string, isRetry = false): string {
  const params = { returnTo: returnTo.length > MAX_RETURN_TO_LENGTH ? "/" : returnTo, ...(isRetry && { retry: "1" }) };
  return `${loginPaths.login}?${new URLSearchParams(params)}`;
}

/**
 * Makes sure that a redirect stays within this app.
 *
 * @param value - the path that a request asks for, unchecked
 * @param baseUrl - public origin of the app
 * @returns the path with its query; `/` when `value` is no path of this app, or is too long
 */
export function localPath(value: unknown, baseUrl: string): string {
  if (typeof value !== "string" || !value.startsWith("/") || !URL.canParse(value, baseUrl)) return "/";
  const { origin, pathname, search } = new URL(value, baseUrl);
  // Parsing removes the dot of "/.//elsewhere". What is left, "//elsewhere", is the address of another site.
  const path = pathname.replace(/^\/+/, "/") + search;
  return origin === new URL(baseUrl).origin && path.length <= MAX_RETURN_TO_LENGTH ? path : "/";
}
