import type { ValidationError } from "../types.js";

/**
 * What does not fit a schema, for records and logs, which get no values: such as `resource /ownerId`, or
 * `resource: missing properties: 'ownerId'`.
 */
export function withoutValues(errors: readonly ValidationError[]): string[] {
  return errors.map((error) => `${error.source}${error.path === "/" ? ":" : ""} ${placeOf(error)}`);
}

/** What the PDP says of the attributes as a whole are names. What it says of one may have its value. */
export function placeOf({ path, message }: ValidationError): string {
  return path === "/" ? message : path;
}
