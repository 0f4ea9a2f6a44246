import type { CheckCount } from "./event.js";
import type { AnsweredCheck } from "./make-event.js";

/** Counts checks by kind and action. It takes the same memory for any number of them. */
export class CheckCounts {
  readonly #counts = new Map<string, CheckCount>();

  /** The counts so far, in the order in which their kinds and actions were first checked. */
  get all(): readonly CheckCount[] {
    return [...this.#counts.values()];
  }

  add(checks: readonly AnsweredCheck[]): void {
    for (const { kind, action, allowed } of checks) {
      const key = JSON.stringify([kind, action]);
      const before = this.#counts.get(key) ?? { kind, action, checked: 0, allowed: 0 };
      this.#counts.set(key, {
        ...before,
        checked: before.checked + 1,
        allowed: before.allowed + (allowed ? 1 : 0),
      });
    }
  }
}

/** Counts some checks by kind and action. */
export function countsOf(checks: readonly AnsweredCheck[]): readonly CheckCount[] {
  const counts = new CheckCounts();
  counts.add(checks);
  return counts.all;
}
