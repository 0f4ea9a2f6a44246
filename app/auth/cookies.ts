import type { CookieOptions } from "express";

/** How the app's cookies are called and set. */
export interface CookieRules {
  /** What the names of cookies begin with. */
  readonly prefix: string;
  readonly options: Readonly<CookieOptions>;
}

/**
 * Cookies that no script reads, and that go along only with requests to this app and with links to it. At an https address
 * their names begin with `__Host-`: browsers take such a cookie only from that host, over https and for all of its paths,
 * so that no other host of the domain can set one (RFC 6265bis, section 4.1.3.2).
 *
 * @param https - whether the app's public address is https
 */
export function cookieRules(https: boolean): CookieRules {
  return { prefix: https ? "__Host-" : "", options: { httpOnly: true, sameSite: "lax", secure: https, path: "/" } };
}
