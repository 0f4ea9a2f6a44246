import type { OIDCContext, Provider } from "oidc-provider";
import type { Organization } from "../okta-org/model/organization.js";
import { sessionCookie } from "./cookies.js";

/**
 * Ends the session as soon as the logout request has passed the provider's checks, and sends the browser on, as Okta's
 * `/v1/logout` does (OpenID Connect RP-Initiated Logout 1.0). oidc-provider would ask the user first, and would need
 * JavaScript or one more click even when there is no session.
 *
 * Tokens stay valid after the session, as at Okta: the app revokes its own.
 */
export function logOutWithoutConfirmation(provider: Provider, organization: Organization): void {
  provider.use(async (ctx, next) => {
    await next();
    const oidc: OIDCContext | undefined = ctx.oidc;
    // A request that failed a check has its error page and status by now.
    if (oidc?.route !== "end_session" || ctx.status !== 200) return;

    if (oidc.session?.accountId) organization.signedOut(oidc.session.accountId);
    await oidc.session?.destroy();
    ctx.cookies.set(provider.cookieName("session"), null, sessionCookie);
    ctx.redirect(destinationOf(oidc));
  });
}

/** The address that the app named, with the `state` that it gave; without one, a page of the stand-in. */
function destinationOf(oidc: OIDCContext): string {
  const { post_logout_redirect_uri: target, state } = oidc.params ?? {};
  if (typeof target !== "string") return oidc.urlFor("end_session_success");
  const url = new URL(target);
  if (typeof state === "string") url.searchParams.set("state", state);
  return url.href;
}
