/**
 * Makes a function that hands out recent results of some work: of a run that began at most so long before the call. Calls
 * share runs, and only one run is under way at a time. A run that takes longer is waited for, and another one follows it.
 *
 * @param maxAgeMs - how long before the call the run may have begun, in ms
 */
export function recentResults<T>(maxAgeMs: number, work: () => Promise<T>): () => Promise<T> {
  let last: { readonly began: number; readonly result: Promise<T> } | undefined;
  let isRunning = false;
  let next: Promise<T> | undefined;

  function run(): Promise<T> {
    isRunning = true;
    const began = performance.now();
    const result = work().finally(() => {
      isRunning = false;
    });
    last = { began, result };
    return result;
  }

  return () => {
    if (last && performance.now() - last.began <= maxAgeMs) return last.result;
    if (next) return next;
    if (!last || !isRunning) return run();
    next = last.result
      .catch(() => {})
      .then(() => {
        next = undefined;
        return run();
      });
    return next;
  };
}
