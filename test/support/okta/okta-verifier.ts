import OktaJwtVerifier from "@okta/jwt-verifier";
import { issuerCheck, withoutHttpsWarning } from "../../../app/auth/http-issuer.js";

/** Okta's verifier of tokens, for an issuer on localhost. */
export function oktaVerifier({ issuer }: { readonly issuer: string }): OktaJwtVerifier {
  return withoutHttpsWarning(() => new OktaJwtVerifier({ issuer, testing: issuerCheck(issuer) }));
}
