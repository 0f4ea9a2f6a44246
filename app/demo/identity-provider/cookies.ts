import type { CookiesSetOptions } from "oidc-provider";
import { issuerPath } from "./paths.js";

/**
 * Browsers do not separate cookies by port: they send those of `localhost:9000` to `localhost:8080` too. Distinct names
 * and the issuer's path keep the stand-in's cookies apart from the app's.
 */
export const cookieNames = { session: "idp_session", interaction: "idp_interaction", resume: "idp_resume" };

/** For the cookies of one sign-in. The provider limits them to the paths of that sign-in. */
export const signInCookie: CookiesSetOptions = { httpOnly: true, sameSite: "lax", signed: true, overwrite: true };

/** For the cookie of the session at the stand-in. */
export const sessionCookie: CookiesSetOptions = { ...signInCookie, path: issuerPath };
