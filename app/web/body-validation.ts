import type { z } from "zod";
import { ProblemError } from "../problems.js";
import { messagesOf } from "./query-validation.js";

/**
 * Checks a request's body.
 *
 * @returns what the schema makes of the body
 * @throws {@link ProblemError} 400 when the body is not an object, 422 with a message for each field that is not valid
 */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new ProblemError(400, "Malformed request", "Send a JSON object.");
  }
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    throw invalidFields(messagesOf(parsed.error));
  }
  return parsed.data;
}

/**
 * The error for fields that are not valid: 422.
 *
 * @param fields - a message for each field
 */
export function invalidFields(fields: Readonly<Record<string, string>>): ProblemError {
  return new ProblemError(422, "Invalid input", "Some fields are not valid.", { fields });
}
