import type { CelInput } from "@bufbuild/cel";
import type { Principal, Resource } from "../../../../middleware/index.js";

/** Values in all attributes together. With more, an explanation takes too long. */
const MAX_ATTRIBUTE_VALUES = 50_000;

/** The variables of CEL that stand for what a decision was about. */
export interface Bindings {
  readonly variables: Readonly<Record<"P" | "R" | "request", CelInput>>;
  /** Whether the decision was about a particular resource. Otherwise nothing is known of its attributes. */
  readonly hasResource: boolean;
}

/**
 * Binds the principal, and the resource if there is one, as the PDP does.
 *
 * @throws Error when an attribute cannot be read, or there are too many
 */
export function bindingsOf(principal: Principal, kind: string, resource: Resource | undefined): Bindings {
  const budget = { values: MAX_ATTRIBUTE_VALUES };
  // The app does not send these two. Policies see them as empty.
  const unsent = [
    ["policyVersion", ""],
    ["scope", ""],
  ] as const;
  const P = new Map<string, CelInput>([
    ["id", principal.id],
    ["roles", [...principal.roles]],
    ["attr", jsonOf(principal.attr ?? {}, budget) ?? new Map()],
    ...unsent,
  ]);
  const R = new Map<string, CelInput>([["kind", kind], ...unsent]);
  if (resource) R.set("id", resource.id);
  const attr = resource?.attr && jsonOf(resource.attr, budget);
  if (attr !== undefined) R.set("attr", attr);
  const request = new Map<string, CelInput>([
    ["principal", P],
    ["resource", R],
    ["auxData", new Map()],
  ]);
  return { variables: { P, R, request }, hasResource: attr !== undefined };
}

/** Objects become maps, so that names such as `__proto__` are plain keys. What is not JSON is left out. */
function jsonOf(value: unknown, budget: { values: number }): CelInput | undefined {
  budget.values -= 1;
  if (budget.values < 0) throw new RangeError("There are too many values in the attributes.");
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null) {
    return value;
  }
  if (typeof value !== "object") return undefined;
  if (Array.isArray(value)) return value.map((member) => jsonOf(member, budget) ?? null);
  const entries = Object.entries(value).map(([key, member]) => [key, jsonOf(member, budget)] as const);
  return new Map(entries.filter((entry): entry is [string, CelInput] => entry[1] !== undefined));
}
