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
  const flaw = flawIn(principal, "principal") ?? flawIn(resource, "resource") ?? flawIn(action, "action");
  if (flaw) throw new PdpRejectedError({ cause: new TypeError(flaw) });
  // The client's types want mutable attributes, though it only reads them.
  return { principal, resources: [{ resource, actions: [action] }] } as Question;
}

/** Says where there is something that is not JSON, and what. */
function flawIn(value: unknown, path: string, depth = MAX_DEPTH): string | undefined {
  if (typeof value === "string") return ILL_FORMED.test(value) ? `${path} is not well-formed Unicode` : undefined;
  if (typeof value === "boolean" || value === null || Number.isFinite(value)) return undefined;
  if (!isPlain(value)) return `${path} is ${describe(value)}, which is not JSON`;
  if (depth === 0) return `${path} is nested more than ${MAX_DEPTH} deep`;
  for (const [key, member] of Object.entries(value)) {
    const flaw =
      (ILL_FORMED.test(key) && `a key of ${path} is not well-formed Unicode`) ||
      flawIn(member, `${path}.${key}`, depth - 1);
    if (flaw) return flaw;
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
