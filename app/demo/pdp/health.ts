import { setTimeout as sleep } from "node:timers/promises";
import { GRPC } from "@cerbos/grpc";
import type { PdpProcess } from "./pdp-process.js";

const POLL_INTERVAL_MS = 20;
const HEALTH_CHECK_TIMEOUT_MS = 500;

/**
 * Waits until a PDP that was just started answers health checks.
 *
 * @param target - its gRPC address
 * @throws Error when it exits first, or does not answer within the timeout
 */
export async function waitUntilServing(target: string, run: PdpProcess, timeoutMs: number): Promise<void> {
  let exitReason: string | undefined;
  void run.exited.then((reason) => {
    exitReason = reason;
  });
  const deadline = performance.now() + timeoutMs;
  while (!(await isServing(target))) {
    if (exitReason !== undefined) throw new Error(`The Cerbos PDP did not start: ${exitReason}`);
    if (performance.now() > deadline) {
      throw new Error(`The Cerbos PDP did not answer within ${timeoutMs / 1_000} s.`);
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

async function isServing(target: string): Promise<boolean> {
  // gRPC clients share connections, and with them the second of backoff after a failed attempt. Polling through shared
  // connections would be slow, and would make the app's own client wait too.
  const channelOptions = { "grpc.use_local_subchannel_pool": 1 };
  const client = new GRPC(target, { tls: false, channelOptions });
  try {
    const { status } = await client.checkHealth({}, { signal: AbortSignal.timeout(HEALTH_CHECK_TIMEOUT_MS) });
    return String(status) === "SERVING";
  } catch {
    return false;
  } finally {
    client.close();
  }
}
