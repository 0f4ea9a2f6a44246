import { z } from "zod";
import { isVisible, turnsDirection } from "../visible-text.js";

const MAX_TAGS = 20;
const MAX_TAG_LENGTH = 50;
/** What stands between tags in a form, and so in none of them. */
const SEPARATOR = ",";

/** One form of each tag, so that the same word is the same tag: composed letters, small ones, and single spaces. */
function normalized(tag: string): string {
  const text = tag.normalize("NFC").toLowerCase().normalize("NFC").replace(/\s+/gu, " ").trim();
  return isVisible(text) ? text : "";
}

/** Whether it can be stored and shown in a line. */
function isLine(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text) && !turnsDirection(text);
}

const UNUSABLE = "contains characters that cannot be stored";

/** A tag that a list is filtered by; empty: by none. */
export const tagFilter = z
  .string("must be given once")
  .transform(normalized)
  .refine(isLine, UNUSABLE)
  .refine((tag) => tag.length <= MAX_TAG_LENGTH, `must have at most ${MAX_TAG_LENGTH} characters`);

/** Forms send one text, and JSON clients `null` for none. */
function separated(value: unknown): unknown {
  if (value === null) return [];
  return typeof value === "string" ? value.split(SEPARATOR) : value;
}

/** The tags of a contact, as users give them: the same ones, and what has nothing to be seen, are left out. */
export const tagsInput = z.preprocess(
  separated,
  z
    .array(z.string("Must be a list of texts."), "Must be a list of texts.")
    .transform((tags) => [...new Set(tags.map(normalized).filter(Boolean))])
    .refine((tags) => tags.every(isLine), `A tag ${UNUSABLE}.`)
    .refine(
      (tags) => tags.every(({ length }) => length <= MAX_TAG_LENGTH),
      `Each must have at most ${MAX_TAG_LENGTH} characters.`,
    )
    .refine((tags) => !tags.some((tag) => tag.includes(SEPARATOR)), "A tag has no comma.")
    .refine(({ length }) => length <= MAX_TAGS, `At most ${MAX_TAGS} tags.`),
);

/** Tags as a form has them. */
export function tagsText(tags: readonly string[]): string {
  return tags.join(`${SEPARATOR} `);
}
