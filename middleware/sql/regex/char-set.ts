import { NotExpressible } from "../not-expressible.js";

/** Characters, as ranges of code points in order, between which there are gaps. */
export type CharSet = readonly Range[];
export type Range = readonly [first: number, last: number];

export const MAX_CODE_POINT = 0x10ffff;

/** The characters of ranges in any order. */
export function charSet(ranges: readonly Range[]): CharSet {
  const merged: [number, number][] = [];
  for (const [first, last] of [...ranges].sort(([a], [b]) => a - b)) {
    const before = merged.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

/** The characters in a text of pairs, which are the first and last of each range: `"azAZ"`. */
export function charsOf(pairs: string): CharSet {
  const points = [...pairs].map((char) => char.codePointAt(0) as number);
  return charSet(points.flatMap((first, n) => (n % 2 === 0 ? [[first, points[n + 1] as number] as const] : [])));
}

/** All other characters. */
export function negated(set: CharSet): CharSet {
  const gaps: Range[] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) gaps.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= MAX_CODE_POINT) gaps.push([next, MAX_CODE_POINT]);
  return gaps;
}

const LAST_ASCII = 0x7f;
const CASE_DISTANCE = 32;
/** The only characters beyond ASCII that Unicode folds to letters of ASCII. */
const KELVIN_SIGN = 0x212a;
const LONG_S = 0x17f;

/**
 * The characters, and the same letters in the other case.
 *
 * @throws NotExpressible for characters beyond ASCII, of whose cases each release of Unicode may say something else
 */
export function caseFolded(set: CharSet): CharSet {
  if ((set.at(-1)?.[1] ?? 0) > LAST_ASCII) {
    throw new NotExpressible("the pattern ignores case of characters beyond ASCII.");
  }
  const lower = overlap(set, charsOf("az"));
  const upper = overlap(set, charsOf("AZ"));
  const both = [...shifted(lower, -CASE_DISTANCE), ...shifted(upper, CASE_DISTANCE)];
  const letters = charSet([...lower, ...both]);
  const beyond = [
    ...(includes(letters, "k") ? [[KELVIN_SIGN, KELVIN_SIGN] as const] : []),
    ...(includes(letters, "s") ? [[LONG_S, LONG_S] as const] : []),
  ];
  return charSet([...set, ...both, ...beyond]);
}

function overlap(set: CharSet, other: CharSet): CharSet {
  return negated(charSet([...negated(set), ...negated(other)]));
}

function shifted(set: CharSet, distance: number): Range[] {
  return set.map(([first, last]) => [first + distance, last + distance]);
}

function includes(set: CharSet, char: string): boolean {
  const point = char.charCodeAt(0);
  return set.some(([first, last]) => first <= point && point <= last);
}
