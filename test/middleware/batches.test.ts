import assert from "node:assert/strict";
import { mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import {
  Batches,
  BatchesClosedError,
  BatchesFullError,
  type BatchOptions,
} from "../../middleware/decisions/batches.js";

const LONG = 60_000;

/** Takes batches of numbers, or refuses them; when it is stopped, until it goes on. */
class Destination {
  /** Every attempt, in order. */
  readonly attempts: (readonly number[])[] = [];
  readonly delivered: number[][] = [];
  /** How many attempts fail before the next that succeeds. */
  failing = 0;
  underWay = 0;
  #stopped: Promise<void> | undefined;
  #goOn = () => {};

  readonly deliver = async (batch: readonly number[]): Promise<void> => {
    this.underWay += 1;
    assert.equal(this.underWay, 1, "two deliveries at once");
    this.attempts.push(batch);
    await this.#stopped;
    this.underWay -= 1;
    if (this.failing > 0) {
      this.failing -= 1;
      throw new Error("not now");
    }
    this.delivered.push([...batch]);
  };

  stop(): void {
    this.#stopped = new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  goOn(): void {
    this.#goOn();
    this.#stopped = undefined;
  }

  async hasAttempts(count: number): Promise<void> {
    while (this.attempts.length < count) await sleep(1);
  }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n + 1);
}

function bytesOf(items: readonly { readonly size: number }[]): number {
  return items.reduce((sum, { size }) => sum + size, 0);
}

describe("Batches", () => {
  let destination: Destination;
  let opened: Batches<number>[];

  beforeEach(() => {
    // Of a pause with jitter, the shortest.
    mock.method(Math, "random", () => 0);
    destination = new Destination();
    opened = [];
  });

  afterEach(async () => {
    destination.goOn();
    await Promise.all(opened.map((batches) => batches.close(0)));
    mock.restoreAll();
  });

  function batchesOf(options: Partial<BatchOptions<number>> = {}): Batches<number> {
    const batches = new Batches<number>({
      deliver: destination.deliver,
      maxItems: 10,
      maxBytes: LONG,
      maxAge: LONG,
      capacity: 1000,
      patience: LONG,
      ...options,
    });
    opened.push(batches);
    return batches;
  }

  /** Starts a delivery that does not end, of one item. */
  async function busy(options: Partial<BatchOptions<number>> = {}): Promise<Batches<number>> {
    const batches = batchesOf(options);
    destination.stop();
    assert.equal(batches.offer(0), true);
    void batches.flush().catch(() => {});
    await destination.hasAttempts(1);
    return batches;
  }

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
      const waiting = assert.rejects(async () => batches.add(1), BatchesClosedError);
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
