import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

/** What every marked word begins with: long enough to occur nowhere else, in no digest either. */
const MARK = "markedvalue";
const WORD = new RegExp(`.{0,80}(${MARK}[a-z0-9]*)`, "gi");
/** An e-mail address, whosever it is. */
const ADDRESS = /[^\s"'<>()\\,;:]+@[^\s"'<>()\\,;:]+/;

/** Words that occur nowhere else, and other secrets, to be looked for where they must not be. */
export class Markers {
  /** How many words there are. */
  count = 0;
  /** What must not be found either, though it is not a word of ours, and what it is. */
  readonly #secrets = new Map<string, string>();

  /** A new word. @param what - where it will be put, for messages */
  word(what: string): string {
    this.count += 1;
    return `${MARK}${what.replace(/\W/g, "")}${randomBytes(5).toString("hex")}`;
  }

  /** A new e-mail address. */
  email(what: string): string {
    return `${this.word(what)}@${MARK}.example`;
  }

  /** Adds a secret: a cookie, say. */
  add(what: string, value: string): void {
    assert(value.length >= 8, `${what} is too short to be looked for`);
    this.#secrets.set(value, what);
  }

  /** Adds a token, and the parts of it. */
  addToken(what: string, token: string): void {
    for (const [n, part] of [token, ...token.split(".")].entries()) this.add(`${what}, part ${n}`, part);
  }

  /** What of all that is in a text, each with what stands before it; e-mail addresses of any kind too. */
  findIn(text: string): string[] {
    const words = [...text.matchAll(WORD)].map(([found]) => found);
    const secrets = [...this.#secrets].filter(([secret]) => text.includes(secret)).map(([, what]) => what);
    const address = ADDRESS.exec(text)?.[0];
    return [...words.slice(0, 20), ...secrets, ...(address ? [`an e-mail address: ${address}`] : [])];
  }
}
