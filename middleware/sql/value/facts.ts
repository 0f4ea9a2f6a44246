import { type Fact, type Facts, isScalar, type Kind, type Value } from "./types.js";

export const NO_FACTS: Facts = new Set();
const UNORDERED: Facts = new Set(["unordered"]);
export const DYNAMIC: Facts = new Set(["dynamic"]);
/** What is known of an attribute that is, or may hold, a number. */
export const STORED: Facts = new Set(["dynamic", "stored"]);

/** Whether a fact holds of a value, or of the elements of a list. */
export function has(value: Value, fact: Fact): boolean {
  if (value.kind === "list") return has(value.element, fact);
  return value.kind !== "struct" && value.facts.has(fact);
}

/** The facts of values, all together. */
export function factsOf(values: readonly Value[]): Facts {
  const facts = values.flatMap((value) => (value.kind === "list" ? [...factsOf([value.element])] : factsOfOne(value)));
  return facts.length === 0 ? NO_FACTS : new Set(facts);
}

function factsOfOne(value: Value): Fact[] {
  return isScalar(value) ? [...value.facts] : [];
}

/** Facts without some of them. */
export function without(facts: Facts, ...gone: Fact[]): Facts {
  return new Set([...facts].filter((fact) => !gone.includes(fact)));
}

/** Facts are about numbers, also those inside JSON, about hierarchies, and about what numbers decide. */
export function inherited(kind: Kind, operands: readonly Value[]): Facts {
  if (kind === "boolean") return operands.some((operand) => has(operand, "unordered")) ? UNORDERED : NO_FACTS;
  return kind === "double" || kind === "json" || kind === "hierarchy"
    ? without(factsOf(operands), "dynamic")
    : NO_FACTS;
}
