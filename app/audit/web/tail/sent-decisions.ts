/** Longest time between the moment when a record gets its sequence number and the moment when it becomes visible. */
const MAX_COMMIT_DELAY_MS = 5_000;

/**
 * Which decisions a live tail has sent. Sequence numbers are assigned in order, but a record becomes visible only when
 * its transaction is committed: so the records of the last few seconds are read again and again, and those that have
 * been sent are left out.
 */
export class SentDecisions {
  /** No record with this sequence number, or a smaller one, can still become visible. */
  floor: number;
  readonly #seqs = new Set<number>();
  /** Up to which sequence number everything that was visible at some time had been sent. */
  readonly #marks: { readonly time: number; readonly seq: number }[] = [];

  constructor(floor: number) {
    this.floor = floor;
  }

  /** Sequence numbers above the floor that have been sent. */
  get known(): readonly number[] {
    return [...this.#seqs];
  }

  /** Whether a decision has not been sent, and may be: none that is below the floor comes any more. */
  isNew(seq: number): boolean {
    return seq > this.floor && !this.#seqs.has(seq);
  }

  /**
   * Notes that decisions have been sent, and raises the floor.
   *
   * @param lastSeq - the end of the log before these were read; 0 when there may be more than were read
   */
  add(seqs: readonly number[], lastSeq: number): void {
    for (const seq of seqs) this.#seqs.add(seq);
    const now = Date.now();
    this.#marks.push({ time: now, seq: Math.max(this.floor, lastSeq, ...seqs) });
    while (this.#marks[0] && this.#marks[0].time < now - MAX_COMMIT_DELAY_MS) {
      this.floor = this.#marks.shift()?.seq ?? this.floor;
    }
    for (const seq of this.#seqs) if (seq <= this.floor) this.#seqs.delete(seq);
  }
}
