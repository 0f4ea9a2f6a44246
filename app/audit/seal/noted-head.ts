import type { SealReference } from "./seal.js";

/** A seal that was noted outside the database. */
export interface NotedSeal extends SealReference {
  /** When it was made. `undefined` in what version 0.1 of the app printed, which cannot show that it vanished too early. */
  readonly sealedAt?: Date | undefined;
}

/** A seal that is there, with its time. */
export type DatedReference = SealReference & { readonly sealedAt: Date };

/** A seal as one text to note: its number, hash and time, such as `42:9f86d0...:2026-11-28T05:39:21.206Z`. */
export function headText({ number, hash, sealedAt }: DatedReference): string {
  return `${number}:${hash}:${sealedAt.toISOString()}`;
}

/**
 * Reads what {@link headText} has made, or a number and a hash alone.
 *
 * @returns `undefined` when the text is neither
 */
export function parseHead(text: string): NotedSeal | undefined {
  const [, number, hash, time] = /^([1-9]\d{0,14}):([0-9a-f]{64})(?::(.+))?$/.exec(text) ?? [];
  if (!number || !hash) return undefined;
  const sealedAt = time === undefined ? undefined : new Date(time);
  // Only in the form in which it was printed, so that a typing error is not taken for another time.
  if (sealedAt && !(sealedAt.getTime() && sealedAt.toISOString() === time)) return undefined;
  return { number: Number(number), hash, sealedAt };
}
