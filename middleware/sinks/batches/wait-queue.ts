/** An item that waits for room. */
interface Waiter<T> {
  readonly item: T;
  readonly size: number;
  /** When it is refused, on the clock of `performance.now()`. */
  readonly deadline: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Items that wait for room: first come, first served, and all for the same time at most. */
export class WaitQueue<T> {
  readonly #maxWaitMs: number;
  readonly #onTimeout: () => void;
  readonly #waiters: Waiter<T>[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param maxWaitMs - how long an item waits at most
   * @param onTimeout - called when the first item has waited so long; must call {@link refuseOverdue}
   */
  constructor(maxWaitMs: number, onTimeout: () => void) {
    this.#maxWaitMs = maxWaitMs;
    this.#onTimeout = onTimeout;
  }

  get isEmpty(): boolean {
    return this.#waiters.length === 0;
  }

  /** Resolves when the item has been admitted, and rejects when it is refused. */
  wait(item: T, size: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ item, size, deadline: performance.now() + this.#maxWaitMs, resolve, reject });
      this.#schedule();
    });
  }

  /** Admits items, in order, as long as there is room for the first of them. */
  admit(hasRoom: (size: number) => boolean, take: (item: T, size: number) => void): void {
    for (let first = this.#waiters[0]; first && hasRoom(first.size); first = this.#waiters[0]) {
      this.#waiters.shift();
      take(first.item, first.size);
      first.resolve();
    }
    this.#schedule();
  }

  /** Refuses the items that have waited for as long as they may. */
  refuseOverdue(reason: () => Error): void {
    const now = performance.now();
    for (let first = this.#waiters[0]; first && first.deadline <= now; first = this.#waiters[0]) {
      this.#waiters.shift();
      first.reject(reason());
    }
    this.#schedule();
  }

  /** Refuses all items. */
  refuseAll(reason: () => Error): void {
    for (const { reject } of this.#waiters.splice(0)) reject(reason());
    this.#schedule();
  }

  /** A single timer serves all items: they wait equally long, so that the first to come is the first to be refused. */
  #schedule(): void {
    const first = this.#waiters[0];
    if (!first) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#onTimeout();
      },
      Math.max(0, first.deadline - performance.now()),
    );
  }
}
