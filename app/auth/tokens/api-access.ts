import type { ApiAccess } from "../../config.js";
import { ProblemError } from "../../problems.js";
import type { Claims } from "../claims.js";

/**
 * Refuses an access token of an application that may not use this API. An authorization server signs tokens for all of
 * its applications, and nothing else in them says which of these the token's user has entrusted with this API.
 *
 * Okta has the scopes in `scp`, a list, and the client id in `cid`. A claim of another shape counts as none.
 *
 * @param claims - those of a verified access token
 * @throws {@link ProblemError} with status 403: for a missing scope with the challenge `insufficient_scope` (RFC 6750,
 * section 3.1). A client that is not accepted gets no challenge, as no other token of it would do
 */
export function checkApiAccess(claims: Claims, { scope, clients }: ApiAccess): void {
  if (clients && !(typeof claims.cid === "string" && clients.has(claims.cid))) {
    throw new ProblemError(
      403,
      "Application not accepted",
      "The access token was issued to an application that may not use this API. Ask an administrator to accept it.",
    );
  }
  if (scope !== undefined && !scopesOf(claims).includes(scope)) {
    throw new ProblemError(403, "Insufficient scope", `The access token must have the scope ${scope}.`, {
      headers: { "WWW-Authenticate": `Bearer error="insufficient_scope", scope="${scope}"` },
    });
  }
}

function scopesOf({ scp }: Claims): readonly string[] {
  return Array.isArray(scp) && scp.every((scope) => typeof scope === "string") ? scp : [];
}
