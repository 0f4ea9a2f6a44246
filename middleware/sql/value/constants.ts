import type { Value as Json } from "../../json.js";
import { NotExpressible } from "../not-expressible.js";

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

/** Whether there is a zero with a sign in a constant. */
export function hasNegativeZero(literal: Json): boolean {
  if (typeof literal === "object" && literal !== null) return Object.values(literal).some(hasNegativeZero);
  return Object.is(literal, -0);
}

/** Whether there is a whole number in a constant. */
export function hasInteger(literal: Json): boolean {
  if (typeof literal === "object" && literal !== null) return Object.values(literal).some(hasInteger);
  return Number.isInteger(literal);
}
