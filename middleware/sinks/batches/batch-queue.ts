import type { BatchOptions } from "./options.js";

/** Items that are delivered together. */
export interface Batch<T> {
  readonly items: T[];
  bytes: number;
}

/** Groups items into batches, in the order in which they come. */
export class BatchQueue<T> {
  readonly #limits: Pick<BatchOptions<T>, "maxItems" | "maxBytes" | "maxAge">;
  readonly #onReady: () => void;
  /** Batches that take no more items. The first may be under delivery. */
  readonly #complete: Batch<T>[] = [];
  /** The batch that is being filled. It takes items until it is its turn to be delivered, even when it is due. */
  #open: Batch<T> = emptyBatch();
  /** Whether the open batch is to be delivered as it is, without waiting for more items. */
  #isDue = false;
  #ageTimer: NodeJS.Timeout | undefined;

  /**
   * @param limits.maxItems - items in a batch
   * @param limits.maxBytes - bytes in a batch; a larger item makes a batch alone
   * @param limits.maxAge - ms that an item waits for its batch to fill
   * @param onReady - called when there is a batch to deliver, also when there has been one before
   */
  constructor(limits: Pick<BatchOptions<T>, "maxItems" | "maxBytes" | "maxAge">, onReady: () => void) {
    this.#limits = limits;
    this.#onReady = onReady;
  }

  /** Puts an item into the open batch, or into a new one when that would be too large. */
  add(item: T, size: number): void {
    const { maxItems, maxBytes, maxAge } = this.#limits;
    if (this.#open.items.length > 0 && this.#open.bytes + size > maxBytes) this.#completeOpen();
    const { items } = this.#open;
    items.push(item);
    this.#open.bytes += size;
    if (items.length >= maxItems || this.#open.bytes >= maxBytes) this.#completeOpen();
    else if (items.length === 1) this.#ageTimer = setTimeout(() => this.release(), maxAge);
  }

  /** Makes the open batch due, if there is anything in it. */
  release(): void {
    if (this.#open.items.length === 0) return;
    clearTimeout(this.#ageTimer);
    this.#isDue = true;
    this.#onReady();
  }

  /** The batch to deliver next, if any. It stays the first until it is removed. */
  first(): Batch<T> | undefined {
    if (this.#complete.length === 0 && this.#isDue) this.#completeOpen();
    return this.#complete[0];
  }

  /** Removes the first batch, which has been delivered. */
  removeFirst(): void {
    this.#complete.shift();
  }

  /** @returns all items, which are in no batch any more */
  clear(): readonly T[] {
    clearTimeout(this.#ageTimer);
    const batches = [...this.#complete.splice(0), this.#open];
    this.#open = emptyBatch();
    this.#isDue = false;
    return batches.flatMap(({ items }) => items);
  }

  #completeOpen(): void {
    clearTimeout(this.#ageTimer);
    this.#complete.push(this.#open);
    this.#open = emptyBatch();
    this.#isDue = false;
    this.#onReady();
  }
}

function emptyBatch<T>(): Batch<T> {
  return { items: [], bytes: 0 };
}
