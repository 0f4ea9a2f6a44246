/**
 * Makes a function that does some work once in a while, however often it is called: calls in between get the result of the
 * last time, a failure included.
 *
 * @param lifetimeMs - how long a result is reused, in ms, from the beginning of the work on
 */
export function reusedFor<T>(lifetimeMs: number, work: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | undefined;
  let expiry = 0;
  return () => {
    if (!current || performance.now() >= expiry) {
      current = work();
      expiry = performance.now() + lifetimeMs;
    }
    return current;
  };
}
