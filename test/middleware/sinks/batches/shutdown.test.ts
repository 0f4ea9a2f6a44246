import assert from "node:assert/strict";
import { mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { BatchesClosedError } from "../../../../middleware/sinks/index.js";
import { type Destination, upTo, withDestination } from "../../../support/sinks/destination.js";

describe("Batches", () => {
  let destination: Destination;
  const { batchesOf, busy } = withDestination((made) => {
    destination = made;
  });

  describe("flush()", () => {
    it("resolves when what is there is delivered, whatever comes meanwhile", async () => {
      const batches = await busy({ maxItems: 1 });
      batches.add(1);
      let flushed = false;
      const flush = batches.flush().then(() => {
        flushed = true;
      });
      batches.add(2);
      await sleep(20);
      assert.equal(flushed, false);
      destination.goOn();
      destination.stop();
      await destination.hasAttempts(2);
      assert.equal(flushed, false);
      destination.goOn();
      await flush;
      assert.deepEqual(destination.delivered.slice(0, 2), [[0], [1]]);
    });

    it("resolves when there is nothing", async () => {
      await batchesOf().flush();
    });
  });

  describe("close()", () => {
    it("delivers what is there, and nothing is left", async () => {
      const batches = batchesOf({ maxItems: 3 });
      destination.failing = 2;
      for (const n of upTo(7)) batches.add(n);
      assert.deepEqual(await batches.close(5_000), []);
      assert.deepEqual(destination.delivered, [[1, 2, 3], [4, 5, 6], [7]]);
    });

    it("takes nothing more", async () => {
      const batches = await busy();
      const closing = batches.close(5_000);
      await assert.rejects(async () => batches.add(1), BatchesClosedError);
      assert.equal(batches.offer(2), false);
      assert.throws(() => batches.force(3), BatchesClosedError);
      destination.goOn();
      assert.deepEqual(await closing, []);
      assert.deepEqual(destination.delivered, [[0]]);
    });

    it("gives back what it could not deliver in time, in order, and delivers none of it later", async () => {
      let told = 0;
      const batches = await busy({
        maxItems: 2,
        onFailure: () => {
          told += 1;
        },
      });
      for (const n of upTo(5)) batches.add(n);
      const flush = assert.rejects(batches.flush(), BatchesClosedError);
      assert.deepEqual(await batches.close(30), [0, 1, 2, 3, 4, 5]);
      assert.deepEqual(await batches.close(30), [0, 1, 2, 3, 4, 5]);
      await flush;
      destination.failing = 1;
      destination.goOn();
      await sleep(30);
      assert.equal(destination.attempts.length, 1);
      assert.equal(told, 0);
      assert.equal(batches.pending, 0);
    });

    it("rejects those who wait for room", async () => {
      const batches = await busy({ capacity: 1 });
      // Not the class itself: were it not exported, it would be undefined, which is content with any error.
      const isClosed = (error: unknown) => error instanceof BatchesClosedError;
      const waiting = assert.rejects(async () => batches.add(1), isClosed);
      void batches.close(0);
      await waiting;
    });

    it("does not sit out a pause", async () => {
      mock.method(Math, "random", () => 100);
      const batches = batchesOf();
      destination.failing = 1;
      batches.add(1);
      void batches.flush().catch(() => {});
      // Then comes a pause of 10 s.
      await destination.hasAttempts(1);
      await sleep(5);
      assert.deepEqual(await batches.close(5_000), []);
      assert.equal(destination.attempts.length, 2);
    });
  });
});
