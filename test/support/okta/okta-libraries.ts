import OktaJwtVerifier from "@okta/jwt-verifier";

/** Creates an object of Okta's libraries, which print a warning for every issuer without https. */
export function withoutHttpsWarning<T>(create: () => T): T {
  const { warn } = console;
  console.warn = () => {};
  try {
    return create();
  } finally {
    console.warn = warn;
  }
}

/** Okta's verifier of tokens, for an issuer on localhost. */
export function oktaVerifier({ issuer }: { readonly issuer: string }): OktaJwtVerifier {
  return withoutHttpsWarning(() => new OktaJwtVerifier({ issuer, testing: { disableHttpsCheck: true } }));
}
