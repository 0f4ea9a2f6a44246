import type { Request, RequestHandler } from "express";
import pLimit, { type LimitFunction } from "p-limit";

/** A request that takes longer waits for something else than this process, and leaves its turn to the next. */
const MAX_TURN_MS = 100;

/**
 * Lets the requests with the same credentials take turns: each waits until the one before has been answered, so that a
 * user who sends many at once keeps nobody else waiting for all of them. It comes before the credentials are checked, so
 * that a request which has waited is decided by what is true at its turn. Turns are kept in the memory of this process.
 */
export function requestTurns(): RequestHandler {
  const queues = new Map<string, LimitFunction>();
  return (req, res, next) => {
    const credentials = credentialsOf(req);
    if (!credentials) return next();
    const queue = queues.get(credentials) ?? pLimit(1);
    queues.set(credentials, queue);
    const turn = () =>
      new Promise<void>((end) => {
        // The client has gone while it waited.
        if (res.closed) return end();
        const timer = setTimeout(end, MAX_TURN_MS);
        res.once("close", () => {
          clearTimeout(timer);
          end();
        });
        next();
      });
    queue(turn).then(() =>
      // Until then, the queue counts the turn.
      setImmediate(() => {
        const isIdle = queue.activeCount + queue.pendingCount === 0;
        if (isIdle && queues.get(credentials) === queue) queues.delete(credentials);
      }),
    );
  };
}

/** An access token, or the cookies of a browser. */
function credentialsOf(req: Request): string | undefined {
  return req.get("authorization") ?? req.get("cookie");
}
