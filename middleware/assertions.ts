import { AuthorizationSetupError } from "./errors.js";
import { assertPolicyChoice } from "./policy-choice.js";
import type { AuxData, KindedResource, Principal, Resource } from "./types.js";

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
 * Asserts that a PDP can decide about a principal: it has an id, roles are a list of names, and all else that is sent is
 * of the right type.
 *
 * @throws {@link AuthorizationSetupError} otherwise
 */
export function assertPrincipal(principal: object): asserts principal is Principal {
  const { id, roles, anonymous } = (principal as Partial<Principal> | undefined) ?? {};
  if (!isNonEmptyText(id)) {
    throw new AuthorizationSetupError("A principal must have an id that is a non-empty string.");
  }
  if (!Array.isArray(roles) || !roles.every(isNonEmptyText)) {
    throw new AuthorizationSetupError("A principal must have roles that are an array of non-empty strings.");
  }
  if (anonymous !== undefined && typeof anonymous !== "boolean") {
    throw new AuthorizationSetupError("A principal has anonymous that is not a boolean.");
  }
  assertAttributes("A principal", principal);
  assertPolicyChoice("A principal", principal);
}

/**
 * Asserts that a PDP can decide about a resource: it has an id, and all else that is sent is of the right type.
 *
 * @throws {@link AuthorizationSetupError} otherwise
 */
export function assertResource(resource: object): asserts resource is Resource {
  if (!isNonEmptyText((resource as Partial<Resource> | undefined)?.id)) {
    throw new AuthorizationSetupError("A resource must have an id that is a non-empty string.");
  }
  assertAttributes("A resource", resource);
  assertPolicyChoice("A resource", resource);
}

/**
 * Asserts that auxiliary data are a JWT and nothing else, which would be left out.
 *
 * @throws {@link AuthorizationSetupError} otherwise
 */
export function assertAuxData(auxData: AuxData): void {
  const { jwt, ...rest } = auxData;
  const { token, keySetId, ...more } = jwt ?? {};
  const isValid = isNonEmptyText(token) && (keySetId === undefined || isNonEmptyText(keySetId));
  if (isValid && Object.keys({ ...rest, ...more }).length === 0) return;
  throw new AuthorizationSetupError("auxData() must return { jwt: { token, keySetId? } } of non-empty strings.");
}

function assertAttributes(whose: string, { attr }: { readonly attr?: unknown }): void {
  const isObject = typeof attr === "object" && attr !== null && !Array.isArray(attr);
  if (attr !== undefined && !isObject) throw new AuthorizationSetupError(`${whose} has attr that is not an object.`);
}

/**
 * Asserts that a resource has an id and a kind.
 *
 * @throws {@link AuthorizationSetupError} otherwise
 */
export function assertKindedResource(resource: object): asserts resource is KindedResource {
  assertResource(resource);
  if (!isNonEmptyText((resource as Partial<KindedResource>).kind))
    throw new AuthorizationSetupError("A resource must say its kind, as a non-empty string.");
}

/** Whether a value can be the id of a principal or resource, or the name of a role, kind or action. */
export function isNonEmptyText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
