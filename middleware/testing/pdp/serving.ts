import { setTimeout as sleep } from "node:timers/promises";
import type { PdpProcess } from "./pdp-process.js";
import { getOverSocket } from "./socket-request.js";

const POLL_INTERVAL_MS = 20;
const HEALTH_CHECK_TIMEOUT_MS = 500;

/**
 * Waits until a PDP that was just started says that it serves. It is asked over HTTP, which is there when gRPC is: without
 * a client of gRPC, and without the second of waiting that gRPC makes of a failed connection.
 *
 * @param http - path of its unix socket for HTTP
 * @throws Error when it exits first, or does not answer within the timeout
 */
export async function waitUntilServing(http: string, run: PdpProcess, timeoutMs: number): Promise<void> {
  let exitReason: string | undefined;
  void run.exited.then((reason) => {
    exitReason = reason;
  });
  const deadline = performance.now() + timeoutMs;
  while (!(await isServing(http))) {
    if (exitReason !== undefined) throw new Error(`The Cerbos PDP did not start: ${exitReason}`);
    if (performance.now() > deadline) {
      throw new Error(`The Cerbos PDP did not answer within ${timeoutMs / 1_000} s.`);
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

/** @see https://docs.cerbos.dev/cerbos/latest/api/ for the path */
async function isServing(http: string): Promise<boolean> {
  try {
    const { status } = await getOverSocket(http, "/_cerbos/health", { timeoutMs: HEALTH_CHECK_TIMEOUT_MS });
    return status === 200;
  } catch {
    return false;
  }
}
