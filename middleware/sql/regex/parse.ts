import { NotExpressible } from "../not-expressible.js";
import { asciiClasses, perlClasses } from "./char-classes.js";
import { type CharSet, caseFolded, charSet, charsOf, MAX_CODE_POINT, negated } from "./char-set.js";
import { escapedChar } from "./escapes.js";
import { invalid, PatternReader } from "./pattern-reader.js";
import type { Assertion, Regex } from "./regex.js";

const MAX_PATTERN_CHARS = 1_000;
const MAX_DEPTH = 100;
/** The most repetitions that RE2 takes. */
const MAX_REPETITIONS = 1_000;

/**
 * Reads a pattern in RE2's syntax as Go has it, whose package `regexp` CEL's `matches` uses.
 *
 * @throws NotExpressible that names what RE2 refuses, or what is not understood here
 * @see https://github.com/google/re2/wiki/Syntax
 */
export function parsePattern(pattern: string): Regex {
  if (pattern.length > MAX_PATTERN_CHARS) throw new NotExpressible("the pattern is too long.");
  return new Parser(new PatternReader(pattern)).whole();
}

/** The flags `(?i)`, `(?m)` and `(?s)`; whether repetitions are greedy, `(?U)`, does not matter to whether there is a match. */
interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
}

const ANYTHING = charSet([[0, MAX_CODE_POINT]]);
const NEWLINE = charsOf("\n\n");

class Parser {
  readonly #reader: PatternReader;
  readonly #groupNames = new Set<string>();
  #flags: Flags = { i: false, m: false, s: false };
  #depth = 0;

  constructor(reader: PatternReader) {
    this.#reader = reader;
  }

  whole(): Regex {
    const regex = this.#alternatives();
    if (!this.#reader.isAtEnd) throw invalid("a ) without (");
    return regex;
  }

  #alternatives(): Regex {
    const parts = [this.#sequence()];
    while (this.#reader.takes("|")) parts.push(this.#sequence());
    return parts.length === 1 ? (parts[0] as Regex) : { type: "alternatives", parts };
  }

  #sequence(): Regex {
    const parts: Regex[] = [];
    while (!this.#reader.isAtEnd && !this.#reader.sees("|") && !this.#reader.sees(")")) {
      if (this.#repetition()) throw invalid("a repetition of nothing, or of a repetition");
      const atoms = this.#atoms();
      const last = atoms.pop();
      parts.push(...atoms);
      if (!last) continue;
      const bounds = this.#repetition();
      parts.push(bounds ? { type: "repetition", of: last, ...bounds } : last);
    }
    return { type: "sequence", parts };
  }

  /** The next things, of which a repetition after them repeats the last. */
  #atoms(): Regex[] {
    const reader = this.#reader;
    if (reader.takes("(")) return this.#group();
    if (reader.takes("[")) return [this.#class()];
    if (reader.takes(".")) return [{ type: "chars", set: this.#flags.s ? ANYTHING : negated(NEWLINE) }];
    if (reader.takes("^")) return [{ type: "assertion", place: this.#flags.m ? "line start" : "text start" }];
    if (reader.takes("$")) return [{ type: "assertion", place: this.#flags.m ? "line end" : "text end" }];
    if (reader.takes("\\Q")) return this.#quoted();
    if (reader.sees("\\")) return [this.#escape()];
    return [this.#literal(reader.next())];
  }

  #group(): Regex[] {
    const outer = this.#flags;
    const named = this.#reader.takesMatch(/\?P?<([^>]*)>/y);
    if (named) this.#nameGroup(named[1] as string);
    else if (this.#reader.takes("?") && this.#setFlags() === ")") return [];
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new NotExpressible("the pattern is nested too deeply.");
    const inner = this.#alternatives();
    if (!this.#reader.takes(")")) throw invalid("a ( without )");
    this.#depth -= 1;
    this.#flags = outer;
    return [inner];
  }

  #nameGroup(name: string): void {
    if (/^[=!]/.test(name)) throw invalid("look-behind");
    if (!/^\w+$/.test(name)) throw invalid("a bad name of a group");
    // Go's releases do not agree on that.
    if (this.#groupNames.has(name)) throw new NotExpressible("the pattern names two groups alike.");
    this.#groupNames.add(name);
  }

  /** Reads `i-s:` or `i-s)` after `(?`, and returns the last character. */
  #setFlags(): string {
    if (["=", "!", "<=", "<!"].some((sign) => this.#reader.sees(sign))) throw invalid("look-around");
    const [, on = "", minus, off = "", end] = this.#reader.takesMatch(/([imsU]*)(?:(-)([imsU]+))?([:)])/y) ?? [];
    if (!end) throw invalid("a flag or group (?");
    const flag = (name: keyof Flags) => !(minus && off.includes(name)) && (on.includes(name) || this.#flags[name]);
    this.#flags = { i: flag("i"), m: flag("m"), s: flag("s") };
    return end;
  }

  /** `\Q...\E`: as it is. */
  #quoted(): Regex[] {
    const literals: Regex[] = [];
    while (!this.#reader.isAtEnd && !this.#reader.takes("\\E")) literals.push(this.#literal(this.#reader.next()));
    return literals;
  }

  #literal(char: string): Regex {
    const point = char.codePointAt(0) as number;
    return { type: "chars", set: this.#cased([[point, point]]) };
  }

  #cased(set: CharSet): CharSet {
    if (!this.#flags.i) return set;
    return caseFolded(set);
  }

  /** An escape outside of a class. */
  #escape(): Regex {
    const place = this.#assertionEscape();
    if (place) return { type: "assertion", place };
    const set = this.#classEscape();
    if (set) return { type: "chars", set };
    const point = escapedChar(this.#reader);
    return { type: "chars", set: this.#cased([[point, point]]) };
  }

  #assertionEscape(): Assertion["place"] | undefined {
    if (this.#reader.takes("\\A")) return "text start";
    if (this.#reader.takes("\\z")) return "text end";
    if (this.#reader.takes("\\b")) return "word boundary";
    return this.#reader.takes("\\B") ? "no word boundary" : undefined;
  }

  /** `\d` and its kin. */
  #classEscape(): CharSet | undefined {
    if (this.#reader.sees("\\p") || this.#reader.sees("\\P")) {
      throw new NotExpressible("the pattern has a Unicode class (\\p), which changes from one release to another.");
    }
    const found = this.#reader.takesMatch(/\\([dsw])/iy)?.[1];
    if (found === undefined) return undefined;
    const set = this.#cased(perlClasses[found.toLowerCase()] as CharSet);
    return found === found.toLowerCase() ? set : negated(set);
  }

  /** A class in brackets, after the first of them. */
  #class(): Regex {
    const isNegated = this.#reader.takes("^");
    const parts: CharSet[] = [];
    while (parts.length === 0 || !this.#reader.takes("]")) parts.push(this.#classPart());
    const set = charSet(parts.flat());
    return { type: "chars", set: isNegated ? negated(set) : set };
  }

  #classPart(): CharSet {
    const named = this.#reader.takesMatch(/\[:(\^?)(.*?):\]/sy);
    if (named) {
      const set = asciiClasses[named[2] as string];
      if (!set || !Object.hasOwn(asciiClasses, named[2] as string)) throw invalid("an unknown class [::]");
      return named[1] ? negated(this.#cased(set)) : this.#cased(set);
    }
    const set = this.#classEscape();
    if (set) return set;
    const first = this.#classChar();
    // At the end, a - stands for itself.
    const last = this.#reader.sees("-]") || !this.#reader.takes("-") ? first : this.#classChar();
    if (last < first) throw invalid("a range from a larger to a smaller character");
    return this.#cased([[first, last]]);
  }

  #classChar(): number {
    if (this.#reader.sees("\\")) return escapedChar(this.#reader);
    return this.#reader.next().codePointAt(0) as number;
  }

  /** What follows something that is repeated; greedy or not. */
  #repetition(): { min: number; max: number | undefined } | undefined {
    const bounds = this.#bounds();
    if (bounds) this.#reader.takes("?");
    return bounds;
  }

  #bounds(): { min: number; max: number | undefined } | undefined {
    if (this.#reader.takes("*")) return { min: 0, max: undefined };
    if (this.#reader.takes("+")) return { min: 1, max: undefined };
    if (this.#reader.takes("?")) return { min: 0, max: 1 };
    // Numbers with zeros in front of them are none, and then the { stands for itself.
    const found = this.#reader.takesMatch(/\{(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\}/y);
    if (!found) return undefined;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === undefined ? undefined : Number(found[3]);
    if (min > MAX_REPETITIONS || (max !== undefined && (max > MAX_REPETITIONS || max < min))) {
      throw invalid("bad bounds of a repetition");
    }
    return { min, max };
  }
}
