import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { BatchesFullError } from "../../../../middleware/sinks/index.js";
import { type Destination, upTo, withDestination } from "../../../support/sinks/destination.js";

describe("Batches", () => {
  let destination: Destination;
  const { batchesOf, busy } = withDestination((made) => {
    destination = made;
  });

  describe("without room", () => {
    it("add() waits, what is under delivery included, and lets in first who came first", async () => {
      const batches = await busy({ capacity: 3, maxItems: 1 });
      assert.equal(batches.add(1), undefined);
      assert.equal(batches.add(2), undefined);
      const order: number[] = [];
      const waiting = [3, 4, 5, 6].map(async (n) => {
        await batches.add(n);
        order.push(n);
      });
      await sleep(20);
      assert.deepEqual(order, []);
      assert.equal(batches.pending, 3);
      assert.equal(batches.fill, 1);
      destination.goOn();
      await Promise.all(waiting);
      await batches.flush();
      assert.deepEqual(order, [3, 4, 5, 6]);
      assert.equal(batches.fill, 0);
      assert.deepEqual(destination.delivered.flat(), [0, 1, 2, 3, 4, 5, 6]);
    });

    it("nobody who comes later goes before those who wait, were the item ever so small", async () => {
      const batches = await busy({ capacity: 10, size: (n) => Math.max(1, n) });
      const large = batches.add(10);
      assert(large, "there was room");
      assert.equal(batches.offer(1), false);
      const small = batches.add(2);
      assert(small, "it went before");
      destination.goOn();
      await Promise.all([large, small]);
      await batches.flush();
      assert.deepEqual(destination.delivered.flat(), [0, 10, 2]);
    });

    it("add() rejects when its patience is over, and the item is not delivered", async () => {
      const batches = await busy({ capacity: 1, patience: 50 });
      const start = performance.now();
      const waiting = upTo(3).map((n) => batches.add(n));
      for (const outcome of await Promise.allSettled(waiting)) {
        assert.equal(outcome.status, "rejected");
        assert(outcome.reason instanceof BatchesFullError);
        assert.match(outcome.reason.message, /within 50 ms: 1 of 1 bytes/);
      }
      assert(performance.now() - start >= 45, "too soon");
      destination.goOn();
      await batches.flush();
      assert.deepEqual(destination.delivered, [[0]]);
    });

    it("each waits for as long as it may itself, from when it came", async () => {
      const batches = await busy({ capacity: 1, patience: 100 });
      const first = assert.rejects(async () => batches.add(1), BatchesFullError);
      await sleep(60);
      let refused = false;
      const second = assert
        .rejects(async () => batches.add(2), BatchesFullError)
        .then(() => {
          refused = true;
        });
      await first;
      assert.equal(refused, false);
      await second;
    });

    it("a large item that gives up lets those behind it in", async () => {
      const batches = await busy({ capacity: 10, patience: 100, size: (n) => Math.max(1, n) });
      const large = assert.rejects(async () => batches.add(10), BatchesFullError);
      await sleep(50);
      const small = batches.add(2);
      assert(small, "it went before");
      await large;
      await small;
      assert.equal(batches.pending, 2);
    });

    it("a batch is not kept to be filled: nothing more could come", async () => {
      const batches = batchesOf({ capacity: 2 });
      batches.add(1);
      batches.add(2);
      await batches.add(3);
      assert.deepEqual(destination.delivered, [[1, 2]]);
    });

    it("nor is it when those who wait can be let in only one after the other", async () => {
      const batches = batchesOf({ capacity: 1 });
      await Promise.all(upTo(4).map((n) => batches.add(n)));
      assert.deepEqual(destination.delivered, [[1], [2], [3]]);
    });

    it("an item that is larger than all the room goes through when there is nothing else", async () => {
      const batches = batchesOf({ capacity: 10, size: (n) => n });
      assert.equal(batches.add(50), undefined);
      assert.equal(batches.fill, 1);
      await batches.flush();
      batches.add(1);
      const large = batches.add(60);
      assert(large, "it was let in beside another");
      await large;
      await batches.flush();
      assert.deepEqual(destination.delivered, [[50], [1], [60]]);
    });

    it("offer() says no, and has the batch go", async () => {
      const batches = batchesOf({ capacity: 2 });
      assert.deepEqual(
        upTo(3).map((n) => batches.offer(n)),
        [true, true, false],
      );
      await destination.hasAttempts(1);
      await batches.flush();
      assert.equal(batches.offer(4), true);
      assert.deepEqual(destination.delivered, [[1, 2]]);
    });

    it("force() puts an item in all the same, before those who wait", async () => {
      const batches = await busy({ capacity: 1 });
      const waiting = batches.add(1);
      batches.force(2);
      assert.equal(batches.pending, 2);
      assert.equal(batches.fill, 1);
      destination.goOn();
      await waiting;
      await batches.flush();
      assert.deepEqual(destination.delivered.flat(), [0, 2, 1]);
    });
  });
});
