import type { Request, RequestHandler } from "express";
import onHeaders from "on-headers";
import pLimit, { type LimitFunction } from "p-limit";

/** Requests of one person that are worked on at the same time. */
const MAX_REQUESTS_AT_ONCE = 2;

/**
 * Lets the requests of one person wait for their turns when there are many at once, so that nobody else has to wait for
 * all of them. A response that goes on for long after its headers, such as an export or a live tail, keeps no other one
 * waiting. Turns are given in the memory of this process.
 */
export function requestTurns(): RequestHandler {
  const limits = new Map<string, LimitFunction>();

  function limitOf({ id }: NonNullable<Request["person"]>): LimitFunction {
    const limit = limits.get(id) ?? pLimit(MAX_REQUESTS_AT_ONCE);
    limits.set(id, limit);
    return limit;
  }

  return (req, res, next) => {
    const { person } = req;
    if (!person) return next();
    const limit = limitOf(person);
    const forgetIdle = () => {
      const isIdle = limit.activeCount + limit.pendingCount === 0;
      if (isIdle && limits.get(person.id) === limit) limits.delete(person.id);
    };
    const turn = limit(
      () =>
        new Promise<void>((end) => {
          // The client has gone while it waited.
          if (res.closed) return end();
          onHeaders(res, () => end());
          res.once("close", end);
          next();
        }),
    );
    // The limit counts the turn until then.
    turn.then(() => setImmediate(forgetIdle));
  };
}
