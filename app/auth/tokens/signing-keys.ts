import { setTimeout } from "node:timers/promises";
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { getFromOkta } from "../okta-request.js";
import { OktaUnavailableError } from "../okta-unavailable.js";

const FETCH_TIMEOUT_MS = 3_000;
const MIN_FETCH_INTERVAL_MS = 1_000;
const REFRESH_AFTER_MS = 10 * 60_000;
const MAX_AGE_MS = 60 * 60_000;

/**
 * Finds the keys with which an authorization server signs its tokens (RFC 7517), at `/v1/keys` below the issuer.
 *
 * Anybody can name a key in a token, so requests for unknown keys share fetches, which begin 1,000 ms apart at least. A
 * request waits for one that begins after it. Only if the key is not there either is it unknown. Keys are fetched again
 * after ten minutes, and used for an hour while Okta does not answer.
 *
 * The function throws {@link OktaUnavailableError} when the keys cannot be fetched, and a JOSEError when there is no such
 * key.
 *
 * @param issuer - of the authorization server, without a slash at the end
 */
export function signingKeys(issuer: string): JWTVerifyGetKey {
  let known: { readonly find: JWTVerifyGetKey; readonly fetchedAt: number } | undefined;
  let lastBegan = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    try {
      const response = await getFromOkta(`${issuer}/v1/keys`, FETCH_TIMEOUT_MS);
      if (!response.ok) throw new Error(`status ${response.status}`);
      known = { find: createLocalJWKSet((await response.json()) as JSONWebKeySet), fetchedAt: performance.now() };
    } catch (cause) {
      throw new OktaUnavailableError({ cause });
    }
  }

  /** The next fetch that has not begun yet. */
  function nextFetch(): Promise<void> {
    next ??= (async () => {
      await running?.catch(() => {});
      await setTimeout(Math.max(lastBegan + MIN_FETCH_INTERVAL_MS - performance.now(), 0), undefined, { ref: false });
      lastBegan = performance.now();
      running = next;
      next = undefined;
      await fetchKeys();
    })();
    return next;
  }

  const age = () => performance.now() - (known?.fetchedAt ?? Number.NEGATIVE_INFINITY);

  async function find(...[header, token]: Parameters<JWTVerifyGetKey>) {
    if (!known || age() > MAX_AGE_MS) return undefined;
    try {
      return await known.find(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      throw error;
    }
  }

  return async (header, token) => {
    // Without an id, any key would do.
    if (typeof header.kid !== "string") throw new errors.JWKSNoMatchingKey();
    if (age() > REFRESH_AFTER_MS && age() <= MAX_AGE_MS) nextFetch().catch(() => {});
    let key = await find(header, token);
    if (!key) {
      // It may have begun too early for this key, but it ends sooner.
      await running?.catch(() => {});
      key = await find(header, token);
    }
    if (!key) {
      await nextFetch();
      key = await find(header, token);
    }
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  };
}
