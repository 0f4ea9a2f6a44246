import type { RequestHandler, Response } from "express";
import type { FaultSource } from "../faults.js";
import { OktaError } from "../okta-error.js";

/** What the headers say of each endpoint's limit when there is none: more than a client uses up, so that none slows down. */
const UNLIMITED_CALLS = 1_000_000;
/** When to try again after a refusal for concurrency, says Okta; it is only a suggestion. */
const CONCURRENCY_RESET_SECONDS = 60;

/** How often the API was called, for tests. */
export interface Calls {
  total: number;
  /** By endpoint, such as "GET users/id". */
  readonly byEndpoint: Map<string, number>;
  /** Calls beyond a limit, which a client could know. */
  overLimit: number;
  /** Calls refused for concurrency, which no client can know. */
  concurrency: number;
}

/**
 * Counts calls, and refuses with 429 those beyond an endpoint's limit in a window, and some as if others were under way.
 * Every answer says in headers what is left (Okta, "Rate limits", "Check your rate limits").
 */
export function rateLimits(source: FaultSource, calls: Calls): RequestHandler {
  const used = new Map<string, number>();
  let currentWindow = 0;

  return (req, res, next) => {
    const endpoint = `${req.method} ${endpointOf(req.path)}`;
    calls.total++;
    calls.byEndpoint.set(endpoint, (calls.byEndpoint.get(endpoint) ?? 0) + 1);
    const { faults } = source;
    const { windowSeconds = 60, callsPerWindow = UNLIMITED_CALLS } = faults;
    const window = Math.floor(Date.now() / 1000 / windowSeconds);
    if (window !== currentWindow) used.clear();
    currentWindow = window;

    if (source.happens(faults.concurrencyRefusals)) {
      calls.concurrency++;
      sendLimits(res, 0, 0, Math.floor(Date.now() / 1000) + CONCURRENCY_RESET_SECONDS);
      throw tooManyRequests("concurrent");
    }
    const limit = endpoint === "GET logs" ? (faults.logCallsPerWindow ?? callsPerWindow) : callsPerWindow;
    const count = (used.get(endpoint) ?? 0) + 1;
    used.set(endpoint, count);
    sendLimits(res, limit, Math.max(0, limit - count), (window + 1) * windowSeconds);
    const isEnforced = faults.callsPerWindow !== undefined || faults.logCallsPerWindow !== undefined;
    if (isEnforced && count > limit) {
      calls.overLimit++;
      throw tooManyRequests("too many requests");
    }
    next();
  };
}

function endpointOf(path: string): string {
  const [, collection = "", id] = path.split("/");
  return id ? `${collection}/id` : collection;
}

function sendLimits(res: Response, limit: number, remaining: number, resetSeconds: number): void {
  res.set({
    "X-Rate-Limit-Limit": String(limit),
    "X-Rate-Limit-Remaining": String(remaining),
    "X-Rate-Limit-Reset": String(resetSeconds),
  });
}

function tooManyRequests(reason: string): OktaError {
  return new OktaError(429, "E0000047", `API call exceeded rate limit due to ${reason}.`);
}
