import { OktaError } from "../okta-error.js";

/** Positions in lists as opaque texts, which are good until they are said to have expired. */
export class Cursors {
  // The organization is another one after each start: what an earlier one gave out must not be taken for its own.
  #epoch = Date.now();

  /** Makes all cursors that were given out useless. */
  expire(): void {
    this.#epoch++;
  }

  encode(position: number): string {
    return `${this.#epoch}_${position}`;
  }

  /** @throws OktaError 400 when it is none, or has expired */
  decode(cursor: string): number {
    const [, epoch, position] = /^(\d+)_(\d+)$/.exec(cursor) ?? [];
    if (Number(epoch) !== this.#epoch) throw OktaError.invalid("after", "The cursor is invalid or has expired");
    return Number(position);
  }
}
