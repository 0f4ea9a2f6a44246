import fc from "fast-check";

/** Random choices that a seed repeats. */
export function randomOf(seed: number) {
  const whole = fc.sample(fc.nat({ max: 1_000_000 }), { seed, numRuns: 10_000 });
  let next = 0;
  const below = (limit: number) => (whole[next++ % whole.length] ?? 0) % limit;
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  /** Up to so many of the values, some perhaps more than once. */
  const some = <T>(values: readonly T[], most: number): T[] =>
    Array.from({ length: below(most + 1) }, () => pick(values));
  return { pick, some };
}
