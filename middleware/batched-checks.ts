import DataLoader from "dataloader";
import type { RecordedAnswer } from "./decisions/recorded-pdp.js";
import type { Check } from "./types.js";

/** Asks the PDP a batch of checks, and gives the answers in their order. */
type AskBatch = (checks: readonly Check[]) => Promise<readonly RecordedAnswer[]>;

/**
 * The checks of one request: those of one tick become one call to the PDP, and an answer is kept for the request, for the
 * same kind, id, action and `attr` object.
 */
export class BatchedChecks {
  readonly #loader: DataLoader<Check, RecordedAnswer, string>;
  /** A number for each `attr` object. They are compared by identity: to compare their content would cost more than to ask. */
  readonly #attrNumbers = new Map<object, number>();

  constructor(ask: AskBatch) {
    this.#loader = new DataLoader(ask, { cacheKeyFn: (check) => this.#keyOf(check) });
  }

  /** The answer to a check, from the PDP or from before. */
  answer(check: Check): Promise<RecordedAnswer> {
    return this.#loader.load(check);
  }

  /** Keeps an answer that the PDP has given otherwise. */
  keep(check: Check, answer: RecordedAnswer): void {
    this.#loader.prime(check, answer);
  }

  #keyOf({ kind, resource: { id, attr }, action }: Check): string {
    let number = 0;
    if (attr) {
      number = this.#attrNumbers.get(attr) ?? this.#attrNumbers.size + 1;
      this.#attrNumbers.set(attr, number);
    }
    return JSON.stringify([kind, id, action, number]);
  }
}
