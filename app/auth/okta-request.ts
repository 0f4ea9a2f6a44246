import { OktaUnavailableError } from "./okta-unavailable.js";

/** What a request to Okta may have besides its URL. */
export interface OktaRequest {
  /** Default: `GET`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams;
  /** Gives it up. */
  readonly signal?: AbortSignal;
}

/**
 * Sends a request to Okta. A redirect is not followed: a token must not go to another host, and no key come from one.
 *
 * @param timeoutMs - how long the answer may take, its body included, in ms
 * @returns the answer, whatever its status
 * @throws {@link OktaUnavailableError} when there is none in time, or a redirect
 */
export async function requestOkta(url: string | URL, timeoutMs: number, request: OktaRequest = {}): Promise<Response> {
  const { headers, signal, ...others } = request;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await fetch(url, {
      ...others,
      headers: { accept: "application/json", ...headers },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      redirect: "error",
    });
  } catch (cause) {
    throw new OktaUnavailableError({ cause });
  }
}

/**
 * Sends a GET request to Okta as {@link requestOkta} does.
 *
 * @param timeoutMs - how long the answer may take, in ms
 * @returns the answer, whatever its status
 * @throws {@link OktaUnavailableError} when there is none in time, or a redirect
 */
export function getFromOkta(
  url: string,
  timeoutMs: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return requestOkta(url, timeoutMs, { headers });
}
