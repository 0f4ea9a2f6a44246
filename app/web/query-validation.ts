import { z } from "zod";
import { ProblemError } from "../problems.js";

/** Text of a query that can be looked for: PostgreSQL cannot store NUL, and half a surrogate pair is no text. */
export function clean() {
  return z
    .string("must be given once")
    .refine((value) => value.isWellFormed() && !value.includes("\0"), "contains invalid characters");
}

/** A time as the app itself writes it: ISO 8601 in UTC, to the millisecond. */
export function isoTime() {
  return z.string().refine((value) => /^[12]\d{3}-/.test(value) && new Date(value).toJSON() === value);
}

/** How many rows a page of a list has. */
export function pageLimit(byDefault: number) {
  return z.coerce
    .number("must be a number")
    .int("must be a whole number")
    .min(1, "must be from 1 to 100")
    .max(100, "must be from 1 to 100")
    .default(byDefault);
}

/** The first message for each field that has one. */
export function messagesOf({ issues }: z.ZodError): Record<string, string> {
  const messages: Record<string, string> = {};
  for (const { path, message } of issues) messages[path.join(".")] ??= message;
  return messages;
}

/** What to throw of a query that does not hold: 400, with a message for each field of it that is wrong. */
export function malformed(fields: Readonly<Record<string, string>>): ProblemError {
  const detail = Object.entries(fields).map(([name, message]) => `${name} ${message}.`);
  return new ProblemError(400, "Malformed request", detail.join(" "), { fields });
}
