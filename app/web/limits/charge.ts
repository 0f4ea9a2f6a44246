import type { Response } from "express";
import { ProblemError } from "../../problems.js";
import { type Budget, WINDOW_SECONDS } from "./budget.js";

/**
 * Charges a request to a budget, and tells the client what is left, in the headers of draft-ietf-httpapi-ratelimit-headers-07.
 *
 * @param key - whose budget it is
 * @param points - what the request costs
 * @throws {@link ProblemError} with status 429 when that is more than what was left
 */
export async function charge(budget: Budget, key: string, points: number, res: Response): Promise<void> {
  const { limit, remaining, resetAfter, isOverdrawn } = await budget.charge(key, points);
  const reset = Math.ceil(resetAfter / 1_000);
  res.set({
    "RateLimit-Policy": `${limit};w=${WINDOW_SECONDS}`,
    RateLimit: `limit=${limit}, remaining=${remaining}, reset=${reset}`,
  });
  if (isOverdrawn) {
    const headers = { "Retry-After": String(reset) };
    throw new ProblemError(429, "Too many requests", "Wait a minute, then try again.", { headers });
  }
}
