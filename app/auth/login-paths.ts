/** Paths that Okta must know of this app. */
export const loginPaths = {
  login: "/login",
  callback: "/authorization-code/callback",
  logout: "/logout",
  afterLogout: "/",
} as const;

/**
 * The path that starts a login.
 *
 * @param returnTo - path of this app where the browser goes after the login
 */
export function loginUrl(returnTo: string): string {
  return `${loginPaths.login}?${new URLSearchParams({ returnTo })}`;
}

/**
 * Makes sure that a redirect stays within this app.
 *
 * @param value - the path that a request asks for, unchecked
 * @param baseUrl - public origin of the app
 * @returns the path with its query; `/` when `value` is no path of this app
 */
export function localPath(value: unknown, baseUrl: string): string {
  if (typeof value !== "string" || !value.startsWith("/") || !URL.canParse(value, baseUrl)) return "/";
  const { origin, pathname, search } = new URL(value, baseUrl);
  // Parsing removes the dot of "/.//elsewhere". What is left, "//elsewhere", is the address of another site.
  return origin === new URL(baseUrl).origin ? pathname.replace(/^\/+/, "/") + search : "/";
}
