/**
 * The number that a share of some numbers does not exceed (nearest rank); `NaN` of none.
 *
 * @param percent - from 0 to 100: 50 is the median, 99 leaves the largest hundredth out
 */
export function percentile(numbers: readonly number[], percent: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}
