import { PdpRejectedError } from "../errors.js";

/**
 * Implementations of Protobuf limit nesting, and a level of JSON is three levels there. Deeper attributes may be
 * unreadable.
 */
const MAX_DEPTH = 32;

/**
 * Half a surrogate pair. UTF-8 turns all of these into the same character, so that different ids would become equal.
 */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Asserts that values reach the PDP unchanged: they are JSON, in well-formed Unicode.
 *
 * @param values - by the name that the error gives them
 * @throws {@link PdpRejectedError} otherwise; its cause names the place and what is wrong there
 */
export function assertFaithful(values: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(values)) {
    const flaw = flawIn(values[name]);
    if (flaw) throw new PdpRejectedError({ cause: new TypeError(name + flaw) });
  }
}

/** What is wrong with a value, as the end of a sentence that begins with its name; `undefined` when nothing is. */
function flawIn(value: unknown, depth = MAX_DEPTH): string | undefined {
  if (typeof value === "string") return LONE_SURROGATE.test(value) ? " is not well-formed Unicode" : undefined;
  if (typeof value === "boolean" || value === null || Number.isFinite(value)) return undefined;
  if (!isPlain(value)) return ` is ${describe(value)}, which is not JSON`;
  if (Array.isArray(value) && Object.keys(value).length !== value.length) {
    return " is an array with gaps or properties, which is not JSON";
  }
  if (depth === 0) return ` is nested more than ${MAX_DEPTH} deep`;
  // Not by their entries: each would be an array of its own, and this is done for each question.
  for (const key of Object.keys(value)) {
    if (LONE_SURROGATE.test(key)) return " has a key that is not well-formed Unicode";
    // Protobuf's maps are objects, which take it for their prototype.
    if (key === "__proto__") return " has the key __proto__, which would be lost";
    const flaw = flawIn((value as Readonly<Record<string, unknown>>)[key], depth - 1);
    if (flaw) return `.${key}${flaw}`;
  }
  return undefined;
}

/**
 * Whether a value is an array or a plain object. An object of a class may lose its content: a `Date` would arrive
 * empty.
 */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
}

function describe(value: unknown): string {
  return typeof value === "object" ? `a ${value?.constructor?.name}` : String(value);
}
