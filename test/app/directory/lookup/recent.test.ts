import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { recentResults } from "../../../../app/directory/lookup/recent.js";

const MAX_AGE_MS = 40;

describe("recent results", () => {
  it("are shared, failures too, and none is older at a call than it may be", async () => {
    let runs = 0;
    const started = performance.now();
    const recent = recentResults(MAX_AGE_MS, async () => {
      runs += 1;
      const began = performance.now();
      await sleep(5);
      if (runs === 2) throw new Error("failed");
      return began;
    });
    for (let n = 0; n < 60; n += 1) {
      const called = performance.now();
      const began = await recent().catch(() => called);
      assert(called - began <= MAX_AGE_MS, `${called - began} ms`);
      await sleep(3);
    }
    const most = (performance.now() - started) / MAX_AGE_MS + 1;
    assert(runs > 3 && runs <= most, `${runs} runs`);
  });

  it("that take long are waited for: one run at a time, and a call gets none that began too early", async () => {
    let running = 0;
    let most = 0;
    const recent = recentResults(MAX_AGE_MS, async () => {
      running += 1;
      most = Math.max(most, running);
      const began = performance.now();
      await sleep(3 * MAX_AGE_MS);
      running -= 1;
      return began;
    });
    const calls: Promise<void>[] = [];
    for (let n = 0; n < 100; n += 1) {
      const called = performance.now();
      calls.push(recent().then((began) => assert(called - began <= MAX_AGE_MS, `${called - began} ms`)));
      await sleep(5);
    }
    await Promise.all(calls);
    assert.equal(most, 1);
  });
});
