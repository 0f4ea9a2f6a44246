import { NotExpressible } from "../not-expressible.js";

/** A pattern, character by character. */
export class PatternReader {
  readonly #chars: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#chars = [...pattern];
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#chars.length;
  }

  /** Whether the text comes next. */
  sees(text: string): boolean {
    return [...text].every((char, n) => this.#chars[this.#at + n] === char);
  }

  /** Steps over a text if it comes next. */
  takes(text: string): boolean {
    if (!this.sees(text)) return false;
    this.#at += [...text].length;
    return true;
  }

  /** The next character. */
  next(): string {
    const char = this.#chars[this.#at];
    if (char === undefined) throw invalid("an end too early");
    this.#at += 1;
    return char;
  }

  /** Steps over what matches a regular expression, which is sticky, if it comes next. */
  takesMatch(regex: RegExp): RegExpExecArray | undefined {
    regex.lastIndex = 0;
    const found = regex.exec(this.#chars.slice(this.#at).join(""));
    if (found) this.#at += [...found[0]].length;
    return found ?? undefined;
  }
}

/** Something that RE2 refuses, so that the PDP's conditions with such a pattern always fail. */
export function invalid(what: string): NotExpressible {
  return new NotExpressible(`the pattern has ${what}, which RE2 does not take.`);
}
