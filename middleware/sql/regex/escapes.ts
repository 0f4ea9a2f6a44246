import { MAX_CODE_POINT } from "./char-set.js";
import { invalid, type PatternReader } from "./pattern-reader.js";

const CONTROLS: Readonly<Record<string, number>> = { a: 0x07, t: 0x09, n: 0x0a, v: 0x0b, f: 0x0c, r: 0x0d };

/**
 * Reads an escape that stands for one character, and returns its code point.
 *
 * @throws NotExpressible when RE2 has no such escape
 */
export function escapedChar(reader: PatternReader): number {
  const octal = reader.takesMatch(/\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/y);
  if (octal) return Number.parseInt(octal[1] as string, 8);
  const hexadecimal = reader.takesMatch(/\\x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]+)\})/y);
  if (hexadecimal) return codePoint(Number.parseInt(hexadecimal[1] ?? (hexadecimal[2] as string), 16));
  reader.next();
  const char = reader.next();
  if (/[1-9]/.test(char)) throw invalid("a back reference");
  if (Object.hasOwn(CONTROLS, char)) return CONTROLS[char] as number;
  if (/[0-9A-Za-z]|[^\0-\x7f]/.test(char)) throw invalid(`the escape \\${char}`);
  return char.charCodeAt(0);
}

function codePoint(point: number): number {
  if (point > MAX_CODE_POINT) throw invalid("a character beyond Unicode");
  return point;
}
