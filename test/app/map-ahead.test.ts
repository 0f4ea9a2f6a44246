import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { mapAhead } from "../../app/map-ahead.js";

describe("mapping ahead", () => {
  async function* numbers(end: number, onRead: (n: number) => void = () => {}) {
    for (let n = 0; n < end; n += 1) {
      onRead(n);
      yield n;
    }
  }

  async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
    const found: T[] = [];
    for await (const item of items) found.push(item);
    return found;
  }

  it("keeps the order, and never works on more than the limit at once", async () => {
    let underWay = 0;
    let most = 0;
    const slow = async (n: number) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await setTimeout(n % 3 === 0 ? 20 : 1);
      underWay -= 1;
      return n * 2;
    };
    for (const length of [0, 1, 2, 3, 20]) {
      assert.deepEqual(
        await all(mapAhead(numbers(length), slow, 3)),
        Array.from({ length }, (_, n) => n * 2),
      );
    }
    assert.equal(most, 3);
  });

  it("reads no more while nobody takes the results", async () => {
    let read = 0;
    const results = mapAhead(
      numbers(100, () => {
        read += 1;
      }),
      async (n) => n,
      3,
    );
    await results.next();
    await setTimeout(20);
    assert.equal(read, 3);
    await results.return();
    assert.equal(read, 3);
  });

  it("throws a failure when its turn comes, and no failure that comes behind it is left unhandled", async () => {
    const seen: number[] = [];
    const failing = async (n: number) => {
      if (n >= 2) throw new Error(`failed at ${n}`);
      await setTimeout(20);
      return n;
    };
    await assert.rejects(async () => {
      for await (const n of mapAhead(numbers(10), failing, 4)) seen.push(n);
    }, /failed at 2/);
    assert.deepEqual(seen, [0, 1]);
    await setTimeout(20);
  });
});
