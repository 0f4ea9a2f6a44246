const MIN_LENGTH = 32;
/** A random secret of 32 hexadecimal digits has fewer than once in a million. */
const MIN_DISTINCT = 8;
/** Share of characters that are the one before or its neighbour. In random hexadecimal digits it is 0.2. */
const MAX_SEQUENTIAL = 0.5;
/** In secrets that are made up, or copied from somewhere. */
const WORDS = /secret|password|change.?me|example|sample|gatehouse|placeholder|random|keyboard/i;

/**
 * Says why a secret could be guessed. It finds what people make up, not what only looks random.
 *
 * @returns what is wrong, to be read after "must"; `undefined` when nothing was found
 */
export function secretWeakness(secret: string): string | undefined {
  if (secret.length < MIN_LENGTH) return `have at least ${MIN_LENGTH} characters`;
  if (repeatedLength(secret) < MIN_LENGTH || new Set(secret).size < MIN_DISTINCT) return "not repeat itself";
  if (sequentialShare(secret) > MAX_SEQUENTIAL) return "not be a sequence";
  return WORDS.test(secret) ? "not be made of words" : undefined;
}

/** The length of the part that a text consists of again and again. */
function repeatedLength(text: string): number {
  for (let length = 1; length < text.length; length++) {
    if (text.startsWith(text.slice(length))) return length;
  }
  return text.length;
}

function sequentialShare(text: string): number {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).filter((code, i) => Math.abs(code - (codes[i] ?? 0)) <= 1);
  return steps.length / (codes.length - 1);
}
