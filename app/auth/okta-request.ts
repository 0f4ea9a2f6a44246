import { OktaUnavailableError } from "./okta-unavailable.js";

/**
 * Sends a GET request to Okta. A redirect is not followed: a token must not go to another host, and no key come from one.
 *
 * @param timeoutMs - how long the answer may take, in ms
 * @returns the answer, whatever its status
 * @throws {@link OktaUnavailableError} when there is none in time, or a redirect
 */
export async function getFromOkta(
  url: string,
  timeoutMs: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  try {
    return await fetch(url, {
      headers: { accept: "application/json", ...headers },
      signal: AbortSignal.timeout(timeoutMs),
      redirect: "error",
    });
  } catch (cause) {
    throw new OktaUnavailableError({ cause });
  }
}
