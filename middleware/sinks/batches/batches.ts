import { Backoff, Pause } from "./backoff.js";
import { BatchesClosedError, BatchesFullError, type BatchOptions } from "./options.js";
import { WaitingRoom } from "./wait-queue.js";

interface Batch<T> {
  readonly items: T[];
  bytes: number;
  /** Whether it goes as it is, without waiting to be filled. */
  due: boolean;
}

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
  /** Those that are waiting to be delivered; the first is under delivery. */
  readonly #ready: Batch<T>[] = [];
  /** The one that is being filled. While a delivery takes long it goes on being filled, even when it is due. */
  #open: Batch<T> = emptyBatch();
  #age: NodeJS.Timeout | undefined;
  #bytes = 0;
  #taken = 0;
  #delivered = 0;
  #delivering = false;
  readonly #backoff = new Backoff();
  readonly #waiting: WaitingRoom<T>;
  #flushes: Flush[] = [];
  #closing: Promise<readonly T[]> | undefined;
  #ended = false;

  constructor(options: BatchOptions<T>) {
    this.#options = options;
    this.#waiting = new WaitingRoom(options.patience, () => this.#refuseLate());
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
    if (this.#closing) return Promise.reject(closed());
    const size = this.#options.size(item);
    if (this.#waiting.isEmpty && this.#hasRoom(size)) {
      this.#take(item, size);
      return;
    }
    // Room comes only by delivery, so there is no point in filling the batch any longer.
    this.#hurry();
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
    const free = this.#waiting.isEmpty && this.#hasRoom(size);
    if (free) this.#take(item, size);
    else this.#hurry();
    return free;
  }

  /**
   * Puts an item in even when there is no room, before those that wait: for what must not wait.
   *
   * @throws BatchesClosedError after `close()`
   */
  force(item: T): void {
    if (this.#closing) throw closed();
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
    this.#hurry();
    return new Promise((resolve, reject) => {
      this.#flushes.push({ count: this.#taken, resolve, reject });
    });
  }

  /**
   * Takes nothing more, and tries to deliver the rest. Items that wait for room are refused.
   *
   * @param ms - how long to try
   * @returns what could not be delivered, in order; a delivery that is still under way may yet succeed. Calling it again
   * returns the same.
   */
  close(ms: number): Promise<readonly T[]> {
    this.#closing ??= this.#close(ms);
    return this.#closing;
  }

  async #close(ms: number): Promise<readonly T[]> {
    this.#waiting.refuseAll(closed);
    // Little time is left: the pauses begin anew with the shortest.
    this.#backoff.reset();
    this.#backoff.cutShort();
    const timeout = new Pause(ms);
    await Promise.race([this.flush(), timeout.over]);
    timeout.end();

    this.#ended = true;
    this.#backoff.cutShort();
    clearTimeout(this.#age);
    const rest = [...this.#ready, this.#open].flatMap(({ items }) => items);
    for (const { reject } of this.#flushes.splice(0)) reject(closed());
    this.#ready.length = 0;
    this.#open = emptyBatch();
    this.#bytes = 0;
    this.#delivered = this.#taken;
    return rest;
  }

  #hasRoom(size: number): boolean {
    return this.pending === 0 || this.#bytes + size <= this.#options.capacity;
  }

  #take(item: T, size: number): void {
    const { maxItems, maxBytes, maxAge } = this.#options;
    if (this.#open.items.length > 0 && this.#open.bytes + size > maxBytes) this.#seal();
    const open = this.#open;
    open.items.push(item);
    open.bytes += size;
    this.#bytes += size;
    this.#taken += 1;
    if (open.items.length >= maxItems || open.bytes >= maxBytes) this.#seal();
    else if (open.items.length === 1) this.#age = setTimeout(() => this.#hurry(), maxAge);
  }

  /** Begins another batch. */
  #seal(): void {
    clearTimeout(this.#age);
    this.#ready.push(this.#open);
    this.#open = emptyBatch();
    this.#start();
  }

  /** Lets the batch go that is being filled, as soon as its turn has come. */
  #hurry(): void {
    if (this.#open.items.length === 0) return;
    clearTimeout(this.#age);
    this.#open.due = true;
    this.#start();
  }

  #start(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    // Not at the expense of the request that happened to fill the batch.
    setImmediate(() => this.#run());
  }

  async #run(): Promise<void> {
    for (let batch = this.#next(); batch; batch = this.#next()) {
      const failure = await this.#attempt(batch);
      if (this.#ended) return;
      if (failure) await this.#pause(failure.error);
      else this.#settle();
    }
    this.#delivering = false;
  }

  /** @returns the batch whose turn it is, if any; it stays where it is until it is delivered */
  #next(): Batch<T> | undefined {
    if (this.#ready.length === 0 && this.#open.due) this.#seal();
    return this.#ready[0];
  }

  /** @returns what went wrong, if anything did, in a box: anything can be thrown */
  async #attempt(batch: Batch<T>): Promise<{ readonly error: unknown } | undefined> {
    try {
      await this.#options.deliver(batch.items);
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  async #pause(error: unknown): Promise<void> {
    // Later, so that an app's mistake in there does not end the deliveries.
    queueMicrotask(() => this.#options.onFailure?.(error));
    await this.#backoff.wait();
  }

  /** The first batch is delivered: callers that waited for that, or for room, go on. */
  #settle(): void {
    const batch = this.#ready.shift() as Batch<T>;
    this.#backoff.reset();
    this.#bytes -= batch.bytes;
    this.#delivered += batch.items.length;
    while (this.#flushes[0] && this.#flushes[0].count <= this.#delivered) this.#flushes.shift()?.resolve();
    this.#admit();
  }

  #admit(): void {
    if (this.#waiting.isEmpty) return;
    this.#waiting.admit(
      (size) => this.#hasRoom(size),
      (item, size) => this.#take(item, size),
    );
    if (!this.#waiting.isEmpty) this.#hurry();
  }

  #refuseLate(): void {
    const { capacity, patience } = this.#options;
    this.#waiting.refuseLate(
      () =>
        new BatchesFullError(
          `No room within ${patience} ms: ${this.#bytes} of ${capacity} bytes wait to be delivered.`,
        ),
    );
    // A large item that has left may have kept smaller ones out.
    if (!this.#waiting.isEmpty) this.#admit();
  }
}

function emptyBatch<T>(): Batch<T> {
  return { items: [], bytes: 0, due: false };
}

function closed(): BatchesClosedError {
  return new BatchesClosedError("Closed: nothing more is taken or delivered.");
}
