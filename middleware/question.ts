import type { GRPC } from "@cerbos/grpc";
import { PdpRejectedError } from "./errors.js";
import type { Check } from "./types.js";

/** A {@link Check} in the words of the Cerbos client. */
export type Question = Parameters<GRPC["checkResources"]>[0];

/** Deeper attributes cannot be read by every implementation of Protobuf, which counts three levels for each of JSON. */
const MAX_DEPTH = 32;

/** Half a character. On the way all of these become the same one, so that different ids would look equal to a policy. */
const ILL_FORMED = /\p{Surrogate}/u;

/**
 * Puts a check into the words of the Cerbos client.
 *
 * @throws {@link PdpRejectedError} when something in it would not reach the PDP as it is. What was wrong is its cause.
 */
export function questionOf(check: Check): Question {
  const { kind, action } = check;
  const { id, roles, attr = {} } = check.principal;
  // A PDP rejects principals that have a role twice.
  const principal = { id, roles: [...new Set(roles)], attr };
  const resource = { kind, id: check.resource.id, attr: check.resource.attr ?? {} };
  for (const [name, part] of Object.entries({ principal, resource, action })) {
    const flaw = flawIn(part);
    if (flaw) throw new PdpRejectedError({ cause: new TypeError(name + flaw) });
  }
  // The client's types want mutable attributes, though it only reads them.
  return { principal, resources: [{ resource, actions: [action] }] } as Question;
}

/** Says where there is something that is not JSON, and what; as the end of a sentence that begins with the value's name. */
function flawIn(value: unknown, depth = MAX_DEPTH): string | undefined {
  if (typeof value === "string") return ILL_FORMED.test(value) ? " is not well-formed Unicode" : undefined;
  if (typeof value === "boolean" || value === null || Number.isFinite(value)) return undefined;
  if (!isPlain(value)) return ` is ${describe(value)}, which is not JSON`;
  if (depth === 0) return ` is nested more than ${MAX_DEPTH} deep`;
  for (const [key, member] of Object.entries(value)) {
    if (ILL_FORMED.test(key)) return " has a key that is not well-formed Unicode";
    const flaw = flawIn(member, depth - 1);
    if (flaw) return `.${key}${flaw}`;
  }
  return undefined;
}

/** Arrays, and objects that are no more than their properties: a `Date`, say, has none and would arrive empty. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
}

function describe(value: unknown): string {
  return typeof value === "object" ? `a ${value?.constructor?.name}` : String(value);
}
