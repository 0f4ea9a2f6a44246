/** The option of Okta's libraries for an issuer, as they refuse one without https. Production's settings do, too. */
export const issuerCheck = (issuer: string) => ({ disableHttpsCheck: issuer.startsWith("http:") });

/**
 * Creates an object of one of Okta's libraries, without the warning that they print for an issuer without https. The
 * stand-in for Okta has such an issuer.
 */
export function withoutHttpsWarning<T>(create: () => T): T {
  const { warn } = console;
  console.warn = (...words) => {
    if (!/HTTPS check is disabled/.test(String(words[0]))) warn(...words);
  };
  try {
    return create();
  } finally {
    console.warn = warn;
  }
}
