/**
 * What someone may have meant: the candidate that differs least from a name, when it differs in little.
 *
 * @returns the end of a sentence, such as `; did you mean "read"?`, or a full stop
 */
export function suggestion(name: string, candidates: readonly string[]): string {
  const nearest = nearestTo(name, candidates);
  return nearest === undefined ? "." : `; did you mean ${JSON.stringify(nearest)}?`;
}

/** The candidate that is nearest to a name; `undefined` when none differs in a third of its letters or fewer. */
export function nearestTo(name: string, candidates: readonly string[]): string | undefined {
  const [nearest] = candidates
    .map((candidate) => ({ candidate, distance: distanceBetween(name, candidate) }))
    .filter(({ distance }) => distance <= Math.max(1, name.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return nearest?.candidate;
}

/** How many letters must be added, removed or replaced to turn one text into the other (Levenshtein). */
function distanceBetween(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
