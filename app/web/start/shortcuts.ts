import { parseCookie } from "cookie";
import type { Request, Response } from "express";
import { cookieRules } from "../../auth/cookies.js";

/** Without the prefix of {@link cookieRules}. */
const COOKIE_NAME = "gatehouse.shortcuts";
const OFF = "off";

/** As long as browsers keep a cookie (RFC 6265bis, section 5.5). */
const LIFETIME_MS = 400 * 24 * 60 * 60_000;

/**
 * Whether single keys do something on pages, as they do unless the user has switched that off (WCAG 2.2, 2.1.4).
 *
 * The browser remembers it, not the account: it is about the keyboard or the speech recognition of that device, it holds
 * from the first page after a login on, and there is nothing to store about the person.
 */
export function shortcutsAreOn(req: Request): boolean {
  const { prefix } = cookieRules(req.secure);
  return parseCookie(req.get("cookie") ?? "")[prefix + COOKIE_NAME] !== OFF;
}

/** Makes the browser remember whether single keys do something. */
export function rememberShortcuts(req: Request, res: Response, areOn: boolean): void {
  const { prefix, options } = cookieRules(req.secure);
  if (areOn) res.clearCookie(prefix + COOKIE_NAME, options);
  else res.cookie(prefix + COOKIE_NAME, OFF, { ...options, maxAge: LIFETIME_MS });
}
