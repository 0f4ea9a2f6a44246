import type { CookiesSetOptions } from "oidc-provider";
import { issuerPath } from "./options.js";

/**
 * Cookies do not know ports: a browser sends those of `localhost:9000` to `localhost:8080` too. Names of their own and
 * the issuer's path keep the stand-in's cookies and the app's out of each other's way.
 */
export const cookieNames = { session: "idp_session", interaction: "idp_interaction", resume: "idp_resume" };

/** For the cookies of one sign-in. The provider limits them to the paths of that sign-in. */
export const signInCookie: CookiesSetOptions = { httpOnly: true, sameSite: "lax", signed: true, overwrite: true };

/** For the cookie of the session at the stand-in. */
export const sessionCookie: CookiesSetOptions = { ...signInCookie, path: issuerPath };
