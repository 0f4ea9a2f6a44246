import { localPath as anyLocalPath } from "../../middleware/index.js";

/** Paths that Okta must know of this app. */
export const loginPaths = {
  login: "/login",
  callback: "/authorization-code/callback",
  logout: "/logout",
  logoutEverywhere: "/logout/everywhere",
  afterLogout: "/",
} as const;

/** Longest path to which a login leads back. The browser keeps it in a cookie meanwhile. */
const MAX_RETURN_TO_LENGTH = 1_536;

/**
 * The path that starts a login.
 *
 * @param returnTo - path of this app where the browser goes after the login; the start page if it is too long
 * @param why - left out: nobody is logged in. `retry`: a login is begun again by itself. `recent`: who is logged in has to
 *   log in again. `moved`: the login was begun at another address of the app
 */
export function loginUrl(returnTo: string, why?: "retry" | "recent" | "moved"): string {
  const params = { returnTo: returnTo.length > MAX_RETURN_TO_LENGTH ? "/" : returnTo, ...(why && { [why]: "1" }) };
  return `${loginPaths.login}?${new URLSearchParams(params)}`;
}

/**
 * Makes sure that a link or redirect stays within this app.
 *
 * @param value - the path that a request asks for, unchecked
 * @returns the path with its query; `/` when `value` is no path of this app, or is too long
 */
export function localPath(value: unknown): string {
  const path = anyLocalPath(value);
  return path.length <= MAX_RETURN_TO_LENGTH ? path : "/";
}

/** Whether a host is this machine by another name than the base URL has for it, such as `127.0.0.1` for `localhost`. */
export function isOtherLoopbackName(hostname: string, baseUrl: string): boolean {
  const home = new URL(baseUrl).hostname;
  return isLoopback(home) && isLoopback(hostname) && hostname !== home;
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\]|0\.0\.0\.0)$/.test(hostname);
}
