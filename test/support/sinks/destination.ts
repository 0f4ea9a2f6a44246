import assert from "node:assert/strict";
import { mock } from "node:test";
import { Batches, type BatchOptions } from "../../../middleware/sinks/index.js";
import { until } from "../until.js";

/** In ms, longer than any test takes; in bytes, more than any batch of a test has. */
export const LONG = 60_000;

/** Takes batches of numbers, or refuses them; when it is stopped, until it goes on. */
export class Destination {
  /** Every attempt, in order. */
  readonly attempts: (readonly number[])[] = [];
  readonly delivered: number[][] = [];
  /** How many attempts fail before the next that succeeds. */
  failing = 0;
  /** Most deliveries that were under way at the same time. What is thrown in a delivery is only taken for a failure of it. */
  mostAtOnce = 0;
  #underWay = 0;
  #stopped: Promise<void> | undefined;
  #goOn = () => {};

  readonly deliver = async (batch: readonly number[]): Promise<void> => {
    this.#underWay += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay);
    this.attempts.push(batch);
    await this.#stopped;
    this.#underWay -= 1;
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
    await until(
      () => this.attempts.length >= count,
      30_000,
      () => `${count} attempts; there are ${this.attempts.length}`,
    );
  }
}

/** The numbers from 1 to the count. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n + 1);
}

/**
 * Makes a destination for each test of a suite.
 *
 * @param onMade - is given the destination before the test
 */
export function withDestination(onMade: (destination: Destination) => void) {
  let destination: Destination;
  let opened: Batches<number>[];

  beforeEach(() => {
    // Of a pause with jitter, the shortest.
    mock.method(Math, "random", () => 0);
    destination = new Destination();
    onMade(destination);
    opened = [];
  });

  afterEach(async () => {
    destination.goOn();
    await Promise.all(opened.map((batches) => batches.close(0)));
    mock.restoreAll();
    assert(destination.mostAtOnce <= 1, `${destination.mostAtOnce} deliveries at once`);
  });

  /** Batches that go to the destination, and are closed after the test. */
  function batchesOf(options: Partial<BatchOptions<number>> = {}): Batches<number> {
    const batches = new Batches<number>({
      deliver: destination.deliver,
      size: () => 1,
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

  /** The same, with a delivery of one item under way that does not end. */
  async function busy(options: Partial<BatchOptions<number>> = {}): Promise<Batches<number>> {
    const batches = batchesOf(options);
    destination.stop();
    assert.equal(batches.offer(0), true);
    void batches.flush().catch(() => {});
    await destination.hasAttempts(1);
    return batches;
  }

  return { batchesOf, busy };
}
