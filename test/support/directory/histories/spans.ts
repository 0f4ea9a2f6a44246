/** Spans of time, in ms since 1970, which may overlap. */
export class Spans {
  readonly #spans: { readonly from: number; readonly to: number }[] = [];

  add(from: number, to: number): void {
    this.#spans.push({ from, to });
  }

  /** How much of the time from one moment to another one is in any of them, in ms. */
  within(from: number, to: number): number {
    const inside = this.#spans
      .map((span) => ({ from: Math.max(span.from, from), to: Math.min(span.to, to) }))
      .filter((span) => span.from < span.to)
      .sort((a, b) => a.from - b.from);
    let total = 0;
    let covered = from;
    for (const span of inside) {
      total += Math.max(0, span.to - Math.max(span.from, covered));
      covered = Math.max(covered, span.to);
    }
    return total;
  }
}
