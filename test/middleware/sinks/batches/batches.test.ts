import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { Batches } from "../../../../middleware/sinks/index.js";
import { type Destination, LONG, upTo, withDestination } from "../../../support/sinks/destination.js";

function bytesOf(items: readonly { readonly size: number }[]): number {
  return items.reduce((sum, { size }) => sum + size, 0);
}

describe("Batches", () => {
  let destination: Destination;
  const { batchesOf, busy } = withDestination((made) => {
    destination = made;
  });

  describe("batches", () => {
    it("go when they have enough items, and add() returns nothing to wait for", async () => {
      const batches = batchesOf({ maxItems: 3 });
      for (const n of upTo(7)) assert.equal(batches.add(n), undefined);
      await destination.hasAttempts(2);
      await sleep(20);
      assert.deepEqual(destination.delivered, [
        [1, 2, 3],
        [4, 5, 6],
      ]);
      assert.equal(batches.pending, 1);
    });

    it("go before they have too many bytes, and at once when they have just as many", async () => {
      const batches = batchesOf({ maxBytes: 10, size: (n) => n });
      for (const n of [4, 4, 4, 6, 1]) batches.add(n);
      await destination.hasAttempts(2);
      await sleep(20);
      assert.deepEqual(destination.delivered, [
        [4, 4],
        [4, 6],
      ]);
    });

    it("hold a larger item alone", async () => {
      const batches = batchesOf({ maxBytes: 10, size: (n) => n });
      for (const n of [3, 11, 2]) batches.add(n);
      await batches.flush();
      assert.deepEqual(destination.delivered, [[3], [11], [2]]);
    });

    it("go some time after their first item, however many have come since", async () => {
      const batches = batchesOf({ maxAge: 60 });
      const start = performance.now();
      for (let n = 0; destination.attempts.length === 0; n++) {
        assert(performance.now() - start < 5_000, "it waited for ever");
        if (n < 9) batches.add(n);
        await sleep(10);
      }
      assert(performance.now() - start >= 55, "too soon");
    });

    it("go on being filled while another is under delivery", async () => {
      const batches = await busy({ maxAge: 1 });
      batches.add(1);
      await sleep(20);
      batches.add(2);
      destination.goOn();
      await batches.flush();
      assert.deepEqual(destination.delivered, [[0], [1, 2]]);
    });

    it("are not delivered in the course of the call that fills them", () => {
      const batches = batchesOf({ maxItems: 1 });
      batches.add(1);
      assert.equal(destination.attempts.length, 0);
    });
  });

  it("whatever comes, and whatever fails: each is delivered once, in order, within the room there is", async () => {
    const items = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 60 });
    const limits = fc.record({
      maxItems: fc.integer({ min: 1, max: 8 }),
      maxBytes: fc.integer({ min: 1, max: 30 }),
      capacity: fc.integer({ min: 12, max: 60 }),
      maxAge: fc.integer({ min: 0, max: 3 }),
    });
    const failures = fc.array(fc.boolean(), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(items, limits, failures, async (sizes, limit, fails) => {
        const sent = sizes.map((size, n) => ({ n, size }));
        const came: typeof sent = [];
        const seen: { bytes: number; items: number; held: number }[] = [];
        const batches = new Batches<(typeof sent)[number]>({
          ...limit,
          patience: LONG,
          size: ({ size }) => size,
          deliver: async (batch) => {
            // Those in memory are the next to come.
            const held = sent.slice(came.length, came.length + batches.pending);
            seen.push({ bytes: bytesOf(batch), items: batch.length, held: bytesOf(held) });
            if (fails.shift()) throw new Error("not now");
            came.push(...batch);
          },
        });
        await Promise.all(sent.map((item) => batches.add(item)));
        assert.deepEqual(await batches.close(5_000), []);
        assert.deepEqual(came, sent);
        for (const { bytes, items, held } of seen) {
          assert(items > 0 && items <= limit.maxItems);
          assert(items === 1 || bytes <= limit.maxBytes);
          assert(held <= limit.capacity);
        }
      }),
      { numRuns: 60 },
    );
  });
});
