import fc from "fast-check";
import { historyOf } from "./history.js";
import { type Ground, type Outcome, tryHistory } from "./trial.js";

/** No history takes that long, in ms. */
const LONGEST_HISTORY_MS = 10 * 60_000;

/** What came of the history of a seed. */
export interface CheckedHistory {
  readonly outcome: Outcome;
  /** What is wrong, and the smallest history that was found where something is; `undefined`: nothing is wrong. */
  readonly failure: string | undefined;
}

/**
 * Tries the history of a seed.
 *
 * @param options - `maxSteps`: how many steps it has, at most; `shrinkMs`: how long to look for a smaller history when something
 * is wrong, in ms. What happens when is not the same each time, so a smaller one may not show it
 */
export async function checkHistory(
  ground: Ground,
  { seed, maxSteps, shrinkMs = 0 }: { readonly seed: number; readonly maxSteps: number; readonly shrinkMs?: number },
): Promise<CheckedHistory> {
  let first: Outcome | undefined;
  const property = fc.asyncProperty(fc.noBias(historyOf(maxSteps)), async (history) => {
    const outcome = await tryHistory(history, ground);
    first ??= outcome;
    if (outcome.findings.length > 0) throw new Error(outcome.findings.join("\n"));
  });
  // A limit for all properties of a process could end the only history.
  const limits =
    shrinkMs > 0
      ? { interruptAfterTimeLimit: shrinkMs }
      : { interruptAfterTimeLimit: LONGEST_HISTORY_MS, endOnFailure: true };
  const { failed, counterexample, errorInstance } = await fc.check(property, { seed, numRuns: 1, ...limits });
  if (!first) throw errorInstance;
  if (!failed) return { outcome: first, failure: undefined };
  const smallest = `${JSON.stringify(counterexample?.[0])}\n${(errorInstance as Error).message}`;
  return { outcome: first, failure: `SEED=${seed}\n${first.findings.join("\n")}\n\nthe smallest: ${smallest}` };
}
