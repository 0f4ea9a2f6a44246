/** There was no room for an item within its `patience`. */
export class BatchesFullError extends Error {
  override readonly name = "BatchesFullError";
}

/** The batches are closed: they take no more items, or could not deliver an item before the end. */
export class BatchesClosedError extends Error {
  override readonly name = "BatchesClosedError";
}

/** Settings of {@link Batches}. */
export interface BatchOptions<T> {
  /**
   * Delivers a batch. It must settle, so give it a deadline. When it rejects, it is called again with the same array
   * after a pause, until it succeeds.
   */
  readonly deliver: (batch: readonly T[]) => Promise<void>;
  /** Size of an item, in bytes. */
  readonly size: (item: T) => number;
  /** Most items in a batch. */
  readonly maxItems: number;
  /** Most bytes in a batch. A larger item is delivered alone. */
  readonly maxBytes: number;
  /** How long an item waits for its batch to fill, in ms. */
  readonly maxAge: number;
  /** Most bytes in memory, the batch under delivery included. A larger item is taken when there is nothing else. */
  readonly capacity: number;
  /** How long `add()` waits for room, in ms. */
  readonly patience: number;
  /** Called after each delivery that failed; must not throw. */
  readonly onFailure?: (error: unknown) => void;
}
