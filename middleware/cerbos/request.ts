import type { GRPC } from "@cerbos/grpc";
import { PdpRejectedError } from "../errors.js";
import type { CallOptions, Principal, Resource } from "../types.js";

/** Checks of one principal in the words of the Cerbos client: one entry a resource. */
export type Question = Parameters<GRPC["checkResources"]>[0];

/** Which resources of a kind, in the words of the Cerbos client. */
export type PlanQuestion = Parameters<GRPC["planResources"]>[0];

/** What is asked about one resource. */
export interface Entry {
  readonly kind: string;
  readonly resource: Resource;
  readonly actions: readonly string[];
}

/** Deeper attributes cannot be read by every implementation of Protobuf, which counts three levels for each of JSON. */
const MAX_DEPTH = 32;

/** Half a character. On the way all of these become the same one, so that different ids would look equal to a policy. */
const ILL_FORMED = /\p{Surrogate}/u;

/**
 * Puts checks into the words of the Cerbos client.
 *
 * @throws {@link PdpRejectedError} when something in them would not reach the PDP as it is. What was wrong is its cause.
 */
export function questionOf(principal: Principal, entries: readonly Entry[], options: CallOptions): Question {
  const resources = entries.map(({ kind, resource: { id, attr = {} }, actions }) => ({
    resource: { kind, id, attr },
    actions: [...actions],
  }));
  const asked = asSeen(principal);
  for (const { resource, actions } of resources) assertFaithful({ resource, actions });
  // The client's types want mutable attributes, though it only reads them.
  return { principal: asked, resources, includeMetadata: options.grounds === true } as Question;
}

/**
 * Puts the question which resources of a kind into the words of the Cerbos client.
 *
 * @throws {@link PdpRejectedError} as {@link questionOf} does
 */
export function planQuestionOf(principal: Principal, kind: string, action: string, options: CallOptions): PlanQuestion {
  assertFaithful({ kind, action });
  const includeMetadata = options.grounds === true;
  return { principal: asSeen(principal), resource: { kind }, action, includeMetadata } as PlanQuestion;
}

/** A principal as the PDP is to see it, which rejects principals that have a role twice. */
function asSeen({ id, roles, attr = {} }: Principal): Principal {
  const principal = { id, roles: [...new Set(roles)], attr };
  assertFaithful({ principal });
  return principal;
}

function assertFaithful(parts: Readonly<Record<string, unknown>>): void {
  for (const [name, part] of Object.entries(parts)) {
    const flaw = flawIn(part);
    if (flaw) throw new PdpRejectedError({ cause: new TypeError(name + flaw) });
  }
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
