import type { CharSet } from "./char-set.js";

/** A regular expression as a tree: what RE2's syntax says, without its flags, groups and abbreviations. */
export type Regex = Chars | Assertion | Sequence | Alternatives | Repetition;

/** One character of a set. */
export interface Chars {
  readonly type: "chars";
  readonly set: CharSet;
}

/** A place in the text. */
export interface Assertion {
  readonly type: "assertion";
  readonly place: "text start" | "text end" | "line start" | "line end" | "word boundary" | "no word boundary";
}

/** One after the other; nothing at all without parts. */
export interface Sequence {
  readonly type: "sequence";
  readonly parts: readonly Regex[];
}

/** One or the other. */
export interface Alternatives {
  readonly type: "alternatives";
  readonly parts: readonly Regex[];
}

/** Several times; without `max` any number of times from `min`. */
export interface Repetition {
  readonly type: "repetition";
  readonly of: Regex;
  readonly min: number;
  readonly max: number | undefined;
}

export const NOTHING: Sequence = { type: "sequence", parts: [] };
