/** An item that waits for room. */
interface Waiter<T> {
  readonly item: T;
  readonly size: number;
  readonly until: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Items that wait for room: first come, first served, and all for the same time at most. */
export class WaitingRoom<T> {
  readonly #waitMs: number;
  readonly #onTimeout: () => void;
  readonly #waiters: Waiter<T>[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param waitMs - how long an item waits at most
   * @param onTimeout - called when the first item has waited so long: see {@link refuseLate}
   */
  constructor(waitMs: number, onTimeout: () => void) {
    this.#waitMs = waitMs;
    this.#onTimeout = onTimeout;
  }

  get isEmpty(): boolean {
    return this.#waiters.length === 0;
  }

  /** Resolves when the item has been admitted. */
  wait(item: T, size: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ item, size, until: performance.now() + this.#waitMs, resolve, reject });
      this.#watch();
    });
  }

  /** Admits items, in order, as long as there is room for the first of them. */
  admit(hasRoom: (size: number) => boolean, take: (item: T, size: number) => void): void {
    for (let first = this.#waiters[0]; first && hasRoom(first.size); first = this.#waiters[0]) {
      this.#waiters.shift();
      take(first.item, first.size);
      first.resolve();
    }
    this.#watch();
  }

  /** Refuses the items that have waited for as long as they may. */
  refuseLate(reason: () => Error): void {
    const now = performance.now();
    for (let first = this.#waiters[0]; first && first.until <= now; first = this.#waiters[0]) {
      this.#waiters.shift();
      first.reject(reason());
    }
  }

  /** Refuses all items. */
  refuseAll(reason: () => Error): void {
    for (const { reject } of this.#waiters.splice(0)) reject(reason());
    this.#watch();
  }

  /** A single timer serves all: they wait equally long, so the first to come is the first to leave. */
  #watch(): void {
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
      Math.max(0, first.until - performance.now()),
    );
  }
}
