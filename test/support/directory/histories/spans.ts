/** Spans of time, in ms since 1970, which may overlap. */
export class Spans {
  readonly #spans: { readonly from: number; to: number }[] = [];

  add(from: number, to: number): void {
    this.#spans.push({ from, to });
  }

  /** Adds one that has not ended yet. @returns what ends it */
  begin(from: number): (to: number) => void {
    const span = { from, to: Number.POSITIVE_INFINITY };
    this.#spans.push(span);
    return (to) => {
      span.to = to;
    };
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
