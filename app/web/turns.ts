import type { RequestHandler } from "express";
import onHeaders from "on-headers";
import pLimit, { type LimitFunction } from "p-limit";

/** A request that takes longer waits for something else than this process, and leaves its turn to the next. */
const MAX_TURN_MS = 250;

/**
 * Lets the requests of one person take turns: each waits until the one before has its answer, so that a person who sends
 * many at once keeps nobody else waiting for all of them. An answer that goes on for long after its headers, such as an
 * export or a live tail, ends its turn with them. Turns are kept in the memory of this process.
 */
export function requestTurns(): RequestHandler {
  const queues = new Map<string, LimitFunction>();
  return (req, res, next) => {
    const { person } = req;
    if (!person) return next();
    const queue = queues.get(person.id) ?? pLimit(1);
    queues.set(person.id, queue);
    const turn = () =>
      new Promise<void>((end) => {
        // The client has gone while it waited.
        if (res.closed) return end();
        const timer = setTimeout(end, MAX_TURN_MS);
        const endTurn = () => {
          clearTimeout(timer);
          end();
        };
        onHeaders(res, endTurn);
        res.once("close", endTurn);
        next();
      });
    queue(turn).then(() =>
      // Until then, the queue counts the turn.
      setImmediate(() => {
        const isIdle = queue.activeCount + queue.pendingCount === 0;
        if (isIdle && queues.get(person.id) === queue) queues.delete(person.id);
      }),
    );
  };
}
