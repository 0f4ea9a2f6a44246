import assert from "node:assert/strict";
import { mock } from "node:test";
import { type Destination, upTo, withDestination } from "../../../support/sinks/destination.js";

describe("Batches", () => {
  let destination: Destination;
  const { batchesOf } = withDestination((made) => {
    destination = made;
  });

  describe("a delivery that fails", () => {
    it("is made again with the same array, until it succeeds, and each failure is told", async () => {
      const told: unknown[] = [];
      const batches = batchesOf({ maxItems: 2, onFailure: (error) => told.push((error as Error).message) });
      destination.failing = 5;
      for (const n of upTo(4)) batches.add(n);
      await batches.flush();
      assert.deepEqual(destination.delivered, [
        [1, 2],
        [3, 4],
      ]);
      assert.equal(destination.attempts.length, 7);
      assert.equal(new Set(destination.attempts).size, 2);
      assert.deepEqual(told, Array(5).fill("not now"));
    });

    it("is made again when it throws at once", async () => {
      let calls = 0;
      const batches = batchesOf({
        deliver: () => {
          calls += 1;
          if (calls === 1) throw new Error("at once");
          return Promise.resolve();
        },
      });
      batches.add(1);
      await batches.flush();
      assert.equal(calls, 2);
    });

    it("is made again after pauses that double up to 10 s, and are short again after a success", async () => {
      // A share by which its pauses are told from other timers, of which there are more in this process.
      const share = 0.512345;
      mock.method(Math, "random", () => share);
      const batches = batchesOf();
      const pauses: number[] = [];
      const real = globalThis.setTimeout;
      const timers = mock.method(globalThis, "setTimeout", (then: () => void, ms = 0) => {
        const longest = Math.round(ms / share);
        if (ms === 0 || Math.abs(longest * share - ms) > 1e-9) return real(then, ms);
        pauses.push(longest);
        return real(then, 0);
      });
      try {
        destination.failing = 10;
        batches.add(1);
        await batches.flush();
        destination.failing = 1;
        batches.add(2);
        await batches.flush();
      } finally {
        timers.mock.restore();
      }
      assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000, 100]);
    });
  });
});
