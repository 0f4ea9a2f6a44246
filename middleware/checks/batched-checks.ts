import DataLoader from "dataloader";
import type { RecordedAnswer } from "../decisions/recorded-pdp.js";
import type { Check } from "../types.js";

/** Asks the PDP a batch of checks. @returns the answers, in the order of the checks */
type AskBatch = (checks: readonly Check[]) => Promise<readonly RecordedAnswer[]>;

/**
 * The checks of one principal. Checks of the same tick become one call to the PDP. An answer that is kept serves checks of
 * the same kind, id, action, policy choice and `attr` object.
 */
export class BatchedChecks {
  readonly #loader: DataLoader<Check, RecordedAnswer, string>;
  /**
   * A number for each `attr` object. Objects are compared by identity: comparing their content costs more than a call.
   */
  readonly #attrNumbers = new Map<object, number>();

  /** @param keepsAnswers - whether answers are kept: those of a request are until it ends */
  constructor(ask: AskBatch, keepsAnswers: boolean) {
    this.#loader = new DataLoader(ask, { cache: keepsAnswers, cacheKeyFn: (check) => this.#keyOf(check) });
  }

  /** The answer to a check: a kept one, or the PDP's. */
  answer(check: Check): Promise<RecordedAnswer> {
    return this.#loader.load(check);
  }

  /** Keeps an answer that the PDP has given to a guard. */
  keep(check: Check, answer: RecordedAnswer): void {
    this.#loader.prime(check, answer);
  }

  #keyOf({ kind, resource: { id, attr, scope, policyVersion }, action }: Check): string {
    let number = 0;
    if (attr) {
      number = this.#attrNumbers.get(attr) ?? this.#attrNumbers.size + 1;
      this.#attrNumbers.set(attr, number);
    }
    return JSON.stringify([kind, id, action, number, scope, policyVersion]);
  }
}
