import { PdpRejectedError } from "../errors.js";

/** Deeper attributes cannot be read by every implementation of Protobuf, which counts three levels for each of JSON. */
const MAX_DEPTH = 32;

/** Half a surrogate pair. On the way all of these become the same character, so that different ids would look equal. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Makes sure that the parts of a request reach the PDP as they are: as JSON, in well-formed Unicode.
 *
 * @param parts - by the name that the error gives them
 * @throws {@link PdpRejectedError} when one does not; its cause names the place and what is wrong there
 */
export function assertFaithful(parts: Readonly<Record<string, unknown>>): void {
  for (const [name, part] of Object.entries(parts)) {
    const flaw = flawIn(part);
    if (flaw) throw new PdpRejectedError({ cause: new TypeError(name + flaw) });
  }
}

/** What is wrong with a value, as the end of a sentence that begins with the value's name; `undefined` when it is JSON. */
function flawIn(value: unknown, depth = MAX_DEPTH): string | undefined {
  if (typeof value === "string") return LONE_SURROGATE.test(value) ? " is not well-formed Unicode" : undefined;
  if (typeof value === "boolean" || value === null || Number.isFinite(value)) return undefined;
  if (!isPlain(value)) return ` is ${describe(value)}, which is not JSON`;
  if (depth === 0) return ` is nested more than ${MAX_DEPTH} deep`;
  for (const [key, member] of Object.entries(value)) {
    if (LONE_SURROGATE.test(key)) return " has a key that is not well-formed Unicode";
    const flaw = flawIn(member, depth - 1);
    if (flaw) return `.${key}${flaw}`;
  }
  return undefined;
}

/** Whether a value is an array, or an object that is no more than its properties: a `Date` has none and would arrive empty. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
}

function describe(value: unknown): string {
  return typeof value === "object" ? `a ${value?.constructor?.name}` : String(value);
}
