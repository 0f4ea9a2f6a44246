/**
 * Why the API gave no answer that can be used:
 * - `unauthorized`: it does not accept the credentials, or they may not do this (401, 403)
 * - `refused`: it does not accept the request (another 4xx), such as a link to a page that it does not know any more
 * - `unavailable`: it fails or is not reached, or its answer is not what it should be
 * - `malformed`: its answer is about what was asked for, and does not have the expected shape
 * - `rate_limited`: its limits are used up
 */
export type OktaApiErrorKind = "unauthorized" | "refused" | "unavailable" | "malformed" | "rate_limited";

/** Okta's API gave no answer that can be used, after retries. Messages hold no personal data. */
export class OktaApiError extends Error {
  readonly kind: OktaApiErrorKind;
  /** When it makes sense to try again, in ms from now, where Okta has said so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: OktaApiErrorKind,
    message: string,
    options: ErrorOptions & { retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options);
    this.name = "OktaApiError";
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}
