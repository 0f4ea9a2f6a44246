/** There was no room for an item, for as long as it could wait. */
export class BatchesFullError extends Error {
  override readonly name = "BatchesFullError";
}

/** Nothing more is taken, or what was taken could not be delivered before the end. */
export class BatchesClosedError extends Error {
  override readonly name = "BatchesClosedError";
}

/** Settings of {@link Batches}. */
export interface BatchOptions<T> {
  /**
   * Delivers a batch; must end sooner or later, so give it a deadline. When it rejects, it gets the same array again,
   * after a pause, for as long as it takes.
   */
  readonly deliver: (batch: readonly T[]) => Promise<void>;
  /** What an item counts in `maxBytes` and `capacity`. */
  readonly size: (item: T) => number;
  /** Items in a batch. */
  readonly maxItems: number;
  /** Bytes in a batch. A larger item makes a batch alone. */
  readonly maxBytes: number;
  /** ms that an item waits for its batch to fill. */
  readonly maxAge: number;
  /** Bytes held in all, the batch under delivery included. A larger item is taken when there is nothing else. */
  readonly capacity: number;
  /** ms that {@link Batches.add} waits for room. */
  readonly patience: number;
  /** Called after each delivery that failed; must not throw. */
  readonly onFailure?: (error: unknown) => void;
}
