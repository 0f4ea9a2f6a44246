import { createHmac, hkdfSync } from "node:crypto";
import { lte } from "drizzle-orm";
import { type RateLimiterAbstract, RateLimiterDrizzle, RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { Db } from "../../db/database.js";
import { rateLimits } from "../../db/schema.js";

/** The time for which a budget is, from the first request that is charged to it. */
export const WINDOW_SECONDS = 60;
const WINDOW_MS = WINDOW_SECONDS * 1_000;

/** What is left of a budget after a request has been charged to it. */
export interface Balance {
  /** Points for each window. */
  readonly limit: number;
  readonly remaining: number;
  /** Until the budget is whole again, in ms. */
  readonly resetAfter: number;
  /** Whether the request was more than what was left. */
  readonly isOverdrawn: boolean;
}

/** Points that each of many may spend in a minute. */
export interface Budget {
  /**
   * @param key - whose points they are
   * @param points - what the request costs. More than the whole budget counts as all of it
   */
  charge(key: string, points: number): Promise<Balance>;
}

/** A budget that is counted in the memory of this process. */
export function localBudget(limit: number): Budget {
  const limiter = new RateLimiterMemory({ points: limit, duration: WINDOW_SECONDS });
  return { charge: (key, points) => consume(limiter, limit, key, points) };
}

/** Makes budgets that are counted over all processes. */
export interface SharedBudgets {
  /** @param name - tells the budgets apart */
  of(name: string, limit: number): Budget;
}

/**
 * Budgets that are counted in the database, over all processes. This process counts too, and asks the database only while
 * its own count allows it, so that a flood does not reach the database. While the database does not answer, this count is
 * the limit.
 *
 * Keys are stored as keyed hashes, and rows are deleted within a minute of their end.
 *
 * @param secret - the same for all processes
 */
export function sharedBudgets(db: Db, secret: string): SharedBudgets {
  const hashKey = new Uint8Array(hkdfSync("sha256", secret, "", "rate limits", 32));
  let isSweepDue = false;
  let lastEnd = 0;

  /** Deletes what has ended, every minute until that is everything. */
  function sweepLater(): void {
    if (isSweepDue) return;
    isSweepDue = true;
    setTimeout(() => {
      isSweepDue = false;
      if (Date.now() < lastEnd) sweepLater();
      const ended = lte(rateLimits.expire, new Date());
      // The next sweep tries again.
      db.delete(rateLimits)
        .where(ended)
        .catch(() => {});
    }, WINDOW_MS).unref();
  }

  return {
    of(name, limit) {
      const local = localBudget(limit);
      const shared = new RateLimiterDrizzle({
        storeClient: db,
        schema: rateLimits,
        keyPrefix: name,
        points: limit,
        duration: WINDOW_SECONDS,
        inMemoryBlockOnConsumed: limit + 1,
        clearExpiredByTimeout: false,
      });
      return {
        async charge(key, points) {
          const here = await local.charge(key, points);
          if (here.isOverdrawn) return here;
          lastEnd = Date.now() + WINDOW_MS;
          sweepLater();
          const hash = createHmac("sha256", hashKey).update(key).digest("base64url");
          return consume(shared, limit, hash, points).catch(() => here);
        },
      };
    },
  };
}

async function consume(limiter: RateLimiterAbstract, limit: number, key: string, points: number): Promise<Balance> {
  const balance =
    (isOverdrawn: boolean) =>
    ({ remainingPoints, msBeforeNext }: RateLimiterRes) => ({
      limit,
      remaining: remainingPoints,
      resetAfter: msBeforeNext,
      isOverdrawn,
    });
  return limiter.consume(key, Math.min(points, limit)).then(balance(false), (error: unknown) => {
    if (error instanceof RateLimiterRes) return balance(true)(error);
    throw error;
  });
}
