import { hasNul } from "../value/constants.js";
import { asString } from "../value/narrowing.js";
import { isScalar, type Scalar, type Value } from "../value/types.js";
import { collated, strict, unlessFailing } from "../value/value.js";

/*
 * Functions of strings: by code point, exact in case, and without wildcards (CEL specification, "String Functions").
 */

/** `text.startsWith(part)`. */
export function startsWith(text: Value, part: Value): Scalar {
  return onStrings(text, part, (a, b) => `starts_with(${a}, ${b})`);
}

/** `text.endsWith(part)`. */
export function endsWith(text: Value, part: Value): Scalar {
  return onStrings(text, part, (a, b) => `(right(${a}, char_length(${b})) = ${b})`);
}

/** `text.contains(part)`. */
export function contains(text: Value, part: Value): Scalar {
  return onStrings(text, part, (a, b) => `(strpos(${a}, ${b}) > 0)`);
}

function onStrings(text: Value, part: Value, condition: (text: string, part: string) => string): Scalar {
  // No text in a database has such a part.
  if (isScalar(part) && part.kind === "string" && hasNul(part.literal)) return unlessFailing([asString(text)], "FALSE");
  const [a, b] = [asString(text), asString(part)];
  return strict("boolean", [a, b], condition(a.sql, collated(b)));
}

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();

/** `text.lowerAscii()`: of letters from A to Z. */
export function lowerAscii(text: Value): Scalar {
  const value = asString(text);
  return strict("string", [value], `translate(${value.sql}, '${UPPER}', '${LOWER}')`);
}

/** `text.upperAscii()`: of letters from a to z. */
export function upperAscii(text: Value): Scalar {
  const value = asString(text);
  return strict("string", [value], `translate(${value.sql}, '${LOWER}', '${UPPER}')`);
}
