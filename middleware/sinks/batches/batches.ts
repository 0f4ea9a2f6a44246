import { Backoff, Pause } from "./backoff.js";
import { type Batch, BatchQueue } from "./batch-queue.js";
import { BatchesClosedError, BatchesFullError, type BatchOptions } from "./options.js";
import { WaitQueue } from "./wait-queue.js";

/** A caller of `flush()` that waits. */
interface Flush {
  /** How many items must have been delivered, of all that ever came. */
  readonly count: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Collects items and delivers them in batches: in order, one batch at a time, each at least once, and in bounded
 * memory. Callers that add wait while there is no room.
 *
 * Its timers keep the process alive while there is something to deliver, and only then.
 */
export class Batches<T> {
  readonly #options: BatchOptions<T>;
  readonly #batches: BatchQueue<T>;
  readonly #waiting: WaitQueue<T>;
  readonly #backoff = new Backoff();
  /** Bytes in memory, the batch under delivery included. */
  #bytes = 0;
  /** Items that have been let in since the start. */
  #taken = 0;
  /** Items of these that are not in memory any more. */
  #delivered = 0;
  #isDelivering = false;
  #flushes: Flush[] = [];
  #closing: Promise<readonly T[]> | undefined;
  #hasEnded = false;

  constructor(options: BatchOptions<T>) {
    this.#options = options;
    this.#batches = new BatchQueue(options, () => this.#start());
    this.#waiting = new WaitQueue(options.patience, () => this.#refuseOverdue());
  }

  /** Items in memory; those that still wait for room are not among them. */
  get pending(): number {
    return this.#taken - this.#delivered;
  }

  /** How much of the capacity is taken, 0 to 1. */
  get fill(): number {
    return Math.min(1, this.#bytes / this.#options.capacity);
  }

  /**
   * Puts an item in. While there is room, it returns at once, without a promise; otherwise the promise resolves when
   * the item has been let in, first come, first served.
   *
   * @returns a promise that rejects with a {@link BatchesFullError} when there was no room in time, and with a
   * {@link BatchesClosedError} after `close()`
   */
  add(item: T): void | Promise<void> {
    if (this.#closing) return Promise.reject(closedError());
    const size = this.#options.size(item);
    if (this.#waiting.isEmpty && this.#hasRoom(size)) {
      this.#take(item, size);
      return;
    }
    // Only a delivery makes room, so there is no point in filling the batch any longer.
    this.#batches.release();
    return this.#waiting.wait(item, size);
  }

  /**
   * Puts an item in if there is room.
   *
   * @returns whether it was put in; never after `close()`
   */
  offer(item: T): boolean {
    if (this.#closing) return false;
    const size = this.#options.size(item);
    const isFree = this.#waiting.isEmpty && this.#hasRoom(size);
    if (isFree) this.#take(item, size);
    else this.#batches.release();
    return isFree;
  }

  /**
   * Puts an item in even when there is no room, before those that wait: for what must not wait.
   *
   * @throws BatchesClosedError after `close()`
   */
  force(item: T): void {
    if (this.#closing) throw closedError();
    this.#take(item, this.#options.size(item));
  }

  /**
   * Delivers what is there now, without waiting for a batch to fill. A pause after a failure is not cut short.
   *
   * @returns a promise that resolves when it is delivered, however long that takes. Rejects with a
   * {@link BatchesClosedError} when `close()` gives up first.
   */
  flush(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    this.#batches.release();
    return new Promise((resolve, reject) => {
      this.#flushes.push({ count: this.#taken, resolve, reject });
    });
  }

  /**
   * Takes nothing more, and tries to deliver the rest. Items that wait for room are refused.
   *
   * @param ms - how long to try
   * @returns what could not be delivered, in order; a delivery that is still under way may yet succeed. A second call
   * returns the same.
   */
  close(ms: number): Promise<readonly T[]> {
    this.#closing ??= this.#close(ms);
    return this.#closing;
  }

  async #close(ms: number): Promise<readonly T[]> {
    this.#waiting.refuseAll(closedError);
    // There is little time, so the pauses are short again.
    this.#backoff.reset();
    this.#backoff.cutShort();
    const timeout = new Pause(ms);
    await Promise.race([this.flush(), timeout.over]);
    timeout.end();

    this.#hasEnded = true;
    this.#backoff.cutShort();
    for (const { reject } of this.#flushes.splice(0)) reject(closedError());
    this.#bytes = 0;
    this.#delivered = this.#taken;
    return this.#batches.clear();
  }

  #hasRoom(size: number): boolean {
    return this.pending === 0 || this.#bytes + size <= this.#options.capacity;
  }

  #take(item: T, size: number): void {
    this.#bytes += size;
    this.#taken += 1;
    this.#batches.add(item, size);
  }

  #start(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    // Later, so that the request whose item fills the batch does not have to wait for this.
    setImmediate(() => this.#deliverAll());
  }

  async #deliverAll(): Promise<void> {
    for (let batch = this.#batches.first(); batch; batch = this.#batches.first()) {
      const failure = await this.#attempt(batch);
      if (this.#hasEnded) return;
      if (failure) await this.#pause(failure.error);
      else this.#settle(batch);
    }
    this.#isDelivering = false;
  }

  /** @returns the error of a delivery that failed, in an object, as anything can be thrown, `undefined` included */
  async #attempt(batch: Batch<T>): Promise<{ readonly error: unknown } | undefined> {
    try {
      await this.#options.deliver(batch.items);
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  async #pause(error: unknown): Promise<void> {
    // Outside of the loop, so that an error of the app's function does not end the deliveries.
    queueMicrotask(() => this.#options.onFailure?.(error));
    await this.#backoff.wait();
  }

  /** The first batch has been delivered: callers that wait for that, or for room, go on. */
  #settle({ items, bytes }: Batch<T>): void {
    this.#batches.removeFirst();
    this.#backoff.reset();
    this.#bytes -= bytes;
    this.#delivered += items.length;
    while (this.#flushes[0] && this.#flushes[0].count <= this.#delivered) this.#flushes.shift()?.resolve();
    this.#admit();
  }

  #admit(): void {
    if (this.#waiting.isEmpty) return;
    this.#waiting.admit(
      (size) => this.#hasRoom(size),
      (item, size) => this.#take(item, size),
    );
    if (!this.#waiting.isEmpty) this.#batches.release();
  }

  #refuseOverdue(): void {
    const { capacity, patience } = this.#options;
    this.#waiting.refuseOverdue(
      () =>
        new BatchesFullError(
          `No room within ${patience} ms: ${this.#bytes} of ${capacity} bytes wait to be delivered.`,
        ),
    );
    // A large item that has been refused may have kept smaller ones out.
    this.#admit();
  }
}

function closedError(): BatchesClosedError {
  return new BatchesClosedError("Closed: nothing more is taken or delivered.");
}
