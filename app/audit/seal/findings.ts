/** Findings that are described; all are counted. */
const MAX_DESCRIBED_FINDINGS = 20;

/** Something that is not as it was sealed. */
export interface Finding {
  readonly what: "changed" | "removed" | "reordered" | "inserted" | "seal changed" | "seal removed" | "count changed";
  /** In words, with the ids and numbers concerned. */
  readonly detail: string;
}

/** Collects the findings of a verification: describes the first 20, and counts all. */
export class Findings {
  readonly #described: Finding[] = [];
  #count = 0;

  get described(): readonly Finding[] {
    return this.#described;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Adds a finding.
   *
   * @returns replaces its description, should more become known about it; `undefined` when it is only counted
   */
  add(what: Finding["what"], detail: string): ((finding: Finding) => void) | undefined {
    this.#count += 1;
    if (this.#described.length === MAX_DESCRIBED_FINDINGS) return undefined;
    const index = this.#described.push({ what, detail }) - 1;
    return (finding) => {
      this.#described[index] = finding;
    };
  }
}
