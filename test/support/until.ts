import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

const INTERVAL_MS = 20;

/**
 * Waits until a condition holds, by looking again and again.
 *
 * @param holds - may return a promise; any truthy result ends the wait
 * @param limitMs - how long to wait at most
 * @param what - what is waited for, for the message of the error
 * @throws AssertionError when the condition does not hold in time
 */
export async function until(holds: () => unknown, limitMs: number, what: string | (() => string)): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) assert.fail(`not within ${limitMs} ms: ${typeof what === "string" ? what : what()}`);
    await sleep(INTERVAL_MS);
  }
}
