import type { Value as Json } from "../../json.js";
import { NotExpressible } from "../not-expressible.js";
import type { Fact } from "./types.js";

/** @throws {@link NotExpressible} when a constant has a character that PostgreSQL's text cannot hold. */
export function assertHoldable(literal: Json | undefined): void {
  if (hasNul(literal))
    throw new NotExpressible("it is asked about text with the character NUL, which PostgreSQL cannot hold.");
}

/** Whether a constant has a character that PostgreSQL's text cannot hold. */
export function hasNul(literal: Json | undefined): boolean {
  if (typeof literal === "string") return literal.includes("\0");
  if (typeof literal !== "object" || literal === null) return false;
  return Object.entries(literal).some(([key, member]) => key.includes("\0") || hasNul(member));
}

/** @throws {@link NotExpressible} when there is a number in a constant that JSON has none for. */
export function assertFinite(literal: Json): void {
  if (hasNumber(literal, (number) => !Number.isFinite(number))) throw new NotExpressible("a number is not finite.");
}

/** Whether there is a zero with a sign in a constant. */
export function hasNegativeZero(literal: Json): boolean {
  return hasNumber(literal, (number) => Object.is(number, -0));
}

/** What a plan does not say of the numbers in a constant: see {@link Fact}. */
export function factsOfNumbers(literal: Json): Fact[] {
  const isInteger = (number: number) => Number.isInteger(number) && Math.abs(number) <= ABOVE_ANY_INTEGER;
  const isLarge = (number: number) => isInteger(number) && Math.abs(number) >= ABOVE_EXACT_INTEGERS;
  return [
    ...(hasNumber(literal, isInteger) ? (["ambiguous"] as const) : []),
    ...(hasNumber(literal, isLarge) ? (["large"] as const) : []),
  ];
}

/** CEL's integers, unsigned ones among them, are smaller or, in floating point, this. */
const ABOVE_ANY_INTEGER = 2 ** 64;
/** Up to here every integer is one of floating point as well. */
const ABOVE_EXACT_INTEGERS = 2 ** 53;

/** Whether a number in a constant passes a test. */
function hasNumber(literal: Json, test: (number: number) => boolean): boolean {
  if (typeof literal === "number") return test(literal);
  return (
    typeof literal === "object" && literal !== null && Object.values(literal).some((part) => hasNumber(part, test))
  );
}
