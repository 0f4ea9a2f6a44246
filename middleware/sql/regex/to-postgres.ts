import { NotExpressible } from "../not-expressible.js";
import { type CharSet, charSet, MAX_CODE_POINT, negated } from "./char-set.js";
import { parsePattern } from "./parse.js";
import { type Assertion, NOTHING, type Regex } from "./regex.js";

/** The most repetitions that PostgreSQL takes. */
const MAX_POSTGRES_REPETITIONS = 255;
/** How many characters a pattern may be when its repetitions are written out: PostgreSQL does not compile any pattern. */
const MAX_WEIGHT = 1_000;

/**
 * A pattern in RE2's syntax as one of PostgreSQL's advanced regular expressions, which matches in the same texts. It says
 * each set of characters by its code points, so that no locale has a part in it.
 *
 * @throws NotExpressible when there is none
 * @see https://www.postgresql.org/docs/15/functions-matching.html#POSIX-SYNTAX-DETAILS
 */
export function postgresPattern(pattern: string): string {
  const regex = parsePattern(pattern);
  if (weightOf(regex) > MAX_WEIGHT) throw new NotExpressible("the pattern repeats too much.");
  return written(regex);
}

function weightOf(regex: Regex): number {
  switch (regex.type) {
    case "chars":
    case "assertion":
      return 1;
    case "repetition":
      return weightOf(regex.of) * Math.max(1, regex.min, regex.max ?? 1);
    default:
      return regex.parts.reduce((sum, part) => sum + weightOf(part), 1);
  }
}

function written(regex: Regex): string {
  switch (regex.type) {
    case "chars":
      return writtenSet(regex.set);
    case "assertion":
      return assertions[regex.place];
    case "sequence":
      return regex.parts.map(written).join("") || "(?:)";
    case "alternatives":
      return `(?:${regex.parts.map(written).join("|")})`;
    case "repetition":
      return writtenRepetition(regex.of, regex.min, regex.max);
  }
}

function writtenRepetition(of: Regex, min: number, max: number | undefined): string {
  // What takes no character is there any number of times, or not at all.
  if (max === 0 || (isZeroWidth(of) && min === 0)) return written(NOTHING);
  if (isZeroWidth(of)) return written(of);
  if (Math.max(min, max ?? 0) > MAX_POSTGRES_REPETITIONS) {
    throw new NotExpressible(`the pattern repeats more than ${MAX_POSTGRES_REPETITIONS} times.`);
  }
  const bounds = min === 0 && max === undefined ? "*" : `{${min},${max ?? ""}}`;
  return of.type === "chars" ? written(of) + bounds : `(?:${written(of)})${bounds}`;
}

function isZeroWidth(regex: Regex): boolean {
  if (regex.type === "chars") return false;
  if (regex.type === "assertion") return true;
  return regex.type === "repetition" ? regex.max === 0 || isZeroWidth(regex.of) : regex.parts.every(isZeroWidth);
}

function writtenSet(set: CharSet): string {
  // No text in PostgreSQL has NUL.
  const others = charSet([...negated(set), [0, 0]]);
  const [[, lastOther] = [0, 0]] = others.slice(-1);
  if (others.length === 1 && lastOther === 0) return ".";
  if (lastOther < MAX_CODE_POINT) return `[^${writtenRanges(negated(charSet([...set, [0, 0]])))}]`;
  const held = negated(others);
  if (held.length === 0) return `[^${writtenRanges([[1, MAX_CODE_POINT]])}]`;
  const [[first, last] = [0, 0]] = held;
  return held.length === 1 && first === last ? writtenChar(first) : `[${writtenRanges(held)}]`;
}

function writtenRanges(set: CharSet): string {
  return set
    .map(([first, last]) => (first === last ? writtenChar(first) : `${writtenChar(first)}-${writtenChar(last)}`))
    .join("");
}

function writtenChar(point: number): string {
  const char = String.fromCodePoint(point);
  if (/^[0-9A-Za-z]$/.test(char)) return char;
  const digits = point.toString(16);
  return point <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}

const WORD = "[0-9A-Za-z\\u005f]";
const NEWLINE = "\\u000a";

const assertions: Readonly<Record<Assertion["place"], string>> = {
  "text start": "\\A",
  "text end": "\\Z",
  "line start": `(?:\\A|(?<=${NEWLINE}))`,
  "line end": `(?:\\Z|(?=${NEWLINE}))`,
  "word boundary": `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`,
  "no word boundary": `(?:(?<=${WORD})(?=${WORD})|(?<!${WORD})(?!${WORD}))`,
};
