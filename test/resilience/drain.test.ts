import assert from "node:assert/strict";
import { Watcher } from "../support/audit/watcher.js";
import { bearer } from "../support/http/bearer.js";
import { useStack } from "../support/stack/stack.js";
import { until } from "../support/until.js";

const DRAIN_MS = 10_000;

describe("a process that gets SIGTERM, with SHUTDOWN_DRAIN_SECONDS", function () {
  this.timeout(120_000);
  const stack = useStack(() => ({ SHUTDOWN_DRAIN_SECONDS: String(DRAIN_MS / 1000) }));

  it("says at /readyz that it stops, and goes on serving for so long, live tails included", async () => {
    const token = await stack.token("uma@example.com");
    const status = async (path: string) => {
      // A new connection for each request, as a load balancer makes them.
      const headers = { ...bearer(token), connection: "close" };
      const response = await fetch(stack.url + path, { headers }).catch(() => undefined);
      await response?.text();
      return response?.status;
    };
    const watcher = await Watcher.start(stack.url, await stack.token("audrey@example.com"), "action=transfer");
    assert.deepEqual([await status("/readyz"), await status("/contacts")], [200, 200]);
    const start = performance.now();
    const stopped = stack.stop();
    // The drain is long enough for a busy machine, on which each of these requests may take a second.
    await until(async () => (await status("/readyz")) === 503, DRAIN_MS, "/readyz says that it stops");
    assert.equal(await status("/contacts"), 200);
    assert.equal(await status("/contacts/none/transfer"), 404);
    await watcher.see(({ action }) => action === "transfer");
    await watcher.ended;
    assert(performance.now() - start >= DRAIN_MS, "the live tail ended early");
    assert.equal(await stopped, 0);
    assert(performance.now() - start >= DRAIN_MS);
    assert.equal(await status("/contacts"), undefined);
  });
});
