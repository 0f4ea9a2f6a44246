import { z } from "zod";
import { isStorable } from "../db/database.js";
import { ProblemError } from "../problems.js";

/** Text that PostgreSQL can store and compare. */
export function storableText() {
  return z.string("must be given once").refine(isStorable, "contains invalid characters");
}

/** A time as the app writes it: ISO 8601 in UTC, to the millisecond, in the years 1000 to 2999. */
export function isoTime() {
  return z.string().refine((value) => /^[12]\d{3}-/.test(value) && new Date(value).toJSON() === value);
}

/** How many rows a page of a list has, from 1 to 100. */
export function pageLimit(defaultLimit: number) {
  return z.coerce
    .number("must be a number")
    .int("must be a whole number")
    .min(1, "must be from 1 to 100")
    .max(100, "must be from 1 to 100")
    .default(defaultLimit);
}

/** Where a page of a list begins, as clients get it: opaque. @param position - as JSON can say it */
export function encodePosition(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** What {@link encodePosition} was given; `undefined` for a text that is no cursor of the given shape. */
export function decodePosition<T extends z.ZodType>(text: string, shape: T): z.output<T> | undefined {
  try {
    return shape.safeParse(JSON.parse(Buffer.from(text, "base64url").toString())).data;
  } catch {
    return undefined;
  }
}

/** The messages for wrong fields, by the field's path: the first one for each. */
export function messagesOf({ issues }: z.ZodError): Record<string, string> {
  const messages: Record<string, string> = {};
  for (const { path, message } of issues) messages[path.join(".")] ??= message;
  return messages;
}

/**
 * The error for an invalid query string, to be thrown: 400.
 *
 * @param fields - a message for each parameter that is wrong
 */
export function malformed(fields: Readonly<Record<string, string>>): ProblemError {
  const detail = Object.entries(fields).map(([name, message]) => `${name} ${message}.`);
  return new ProblemError(400, "Malformed request", detail.join(" "), { fields });
}
