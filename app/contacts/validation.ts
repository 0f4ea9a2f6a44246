import type { z } from "zod";
import { ProblemError } from "../problems.js";
import { messagesOf } from "../web/query-validation.js";

/**
 * Checks a JSON body.
 *
 * @throws {@link ProblemError} 400 when it is not an object, 422 with a message for each field that does not hold
 */
export function checked<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new ProblemError(400, "Malformed request", "Send a JSON object.");
  }
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    throw new ProblemError(422, "Invalid input", "Some fields do not hold.", { fields: messagesOf(parsed.error) });
  }
  return parsed.data;
}
