import { AuthorizationSetupError } from "./errors.js";
import type { Principal, Resource } from "./types.js";

/** The longest time that Node's timers can wait, in ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Turns any thrown value into an error, since `next(undefined)` and `next("route")` would let the request go on. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new AuthorizationSetupError("Something that is not an Error was thrown while permissions were checked.", {
    cause: thrown,
  });
}

/**
 * Asserts that a PDP can decide about a principal: it has an id, and roles are a list of names.
 *
 * @throws {@link AuthorizationSetupError} otherwise
 */
export function assertPrincipal(principal: Principal): void {
  if (!isNonEmptyText(principal.id)) {
    throw new AuthorizationSetupError("principal() returned a principal whose id is not a non-empty string.");
  }
  if (!Array.isArray(principal.roles) || !principal.roles.every(isNonEmptyText)) {
    throw new AuthorizationSetupError("principal() returned roles that are not an array of non-empty strings.");
  }
}

/**
 * Asserts that a resource has an id.
 *
 * @throws {@link AuthorizationSetupError} otherwise
 */
export function assertResource(resource: Resource): void {
  if (!isNonEmptyText(resource?.id)) {
    throw new AuthorizationSetupError("A resource must have an id that is a non-empty string.");
  }
}

/** Whether a value can be the id of a principal or resource, or the name of a role, kind or action. */
export function isNonEmptyText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
