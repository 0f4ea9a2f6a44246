import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { useStack } from "../support/stack/stack.js";
import { until } from "../support/until.js";

describe("a process that gets SIGTERM, with SHUTDOWN_DRAIN_SECONDS", function () {
  this.timeout(120_000);
  const stack = useStack(() => ({ SHUTDOWN_DRAIN_SECONDS: "3" }));

  it("says at /readyz that it stops, and goes on serving for so long", async () => {
    const token = await stack.token("uma@example.com");
    const status = async (path: string) => {
      // A new connection for each request, as a load balancer makes them.
      const headers = { authorization: `Bearer ${token}`, connection: "close" };
      const response = await fetch(stack.url + path, { headers }).catch(() => undefined);
      await response?.text();
      return response?.status;
    };
    assert.deepEqual([await status("/readyz"), await status("/contacts")], [200, 200]);
    const start = performance.now();
    const stopped = stack.stop();
    await until(async () => (await status("/readyz")) === 503, 1_000, "/readyz says that it stops");
    let served = 0;
    while (performance.now() - start < 2_500) {
      assert.equal(await status("/contacts"), 200);
      served += 1;
      await sleep(50);
    }
    assert(served > 5);
    assert.equal(await stopped, 0);
    assert(performance.now() - start >= 3_000);
    assert.equal(await status("/contacts"), undefined);
  });
});
