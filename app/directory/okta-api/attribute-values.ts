import { isStorable } from "../../db/database.js";

/** What is kept in the place of a value that policies cannot rely on: why, and not the value. */
export interface UnusableValue {
  readonly unusable: string;
}

/** A value of a profile as policies see it. `null`: the profile has none. */
export type AttributeValue = string | number | boolean | readonly string[] | readonly number[] | null | UnusableValue;

/**
 * A value of a profile, as Okta has sent it, as one that reaches policies unchanged: a text, a number, a boolean, or a list
 * of texts or of numbers. Nothing is made to fit. `null` is what Okta writes for what a profile does not have.
 */
export function attributeValue(value: unknown): AttributeValue {
  if (value === null || value === undefined) return null;
  const flaw = flawIn(value);
  return flaw === undefined ? (value as AttributeValue) : { unusable: flaw };
}

/** Whether a value cannot be relied on. @param value - that {@link attributeValue} has made */
export function isUnusable(value: unknown): value is UnusableValue {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is wrong with a value; `undefined` when nothing is. */
function flawIn(value: unknown): string | undefined {
  if (typeof value === "boolean") return undefined;
  if (typeof value === "string") return isStorable(value) ? undefined : "a text with a character that cannot be stored";
  // The parser of JSON has rounded it, or taken it for infinite.
  if (typeof value === "number") return isExact(value) ? undefined : "a number that is too large to be exact";
  if (!Array.isArray(value)) return "an object";
  if (!isOfOneType(value)) return "a list of other things than texts or numbers";
  return value.map(flawIn).find((flaw) => flaw !== undefined);
}

function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

function isOfOneType(values: readonly unknown[]): boolean {
  return ["string", "number"].some((type) => values.every((value) => typeof value === type));
}
