import type { CelInput } from "@bufbuild/cel";
import type { Principal, Resource } from "../../../../middleware/index.js";

/** Values in attributes, all in all; beyond it the explanation is not worth its time. */
const MOST_VALUES = 50_000;

/** What a decision was about, as expressions see it. */
export interface Facts {
  readonly bindings: Readonly<Record<"P" | "R" | "request", CelInput>>;
  /** Whether there was a particular resource. Without one nothing can be said about its attributes. */
  readonly hasResource: boolean;
}

/**
 * @throws Error when an attribute cannot be read, or there are too many
 */
export function factsOf(principal: Principal, kind: string, resource: Resource | undefined): Facts {
  const budget = { values: MOST_VALUES };
  // The app does not send these two; to a policy they are empty.
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
  return { bindings: { P, R, request }, hasResource: attr !== undefined };
}

/** Objects become maps, so that no name of an attribute means anything else. What is not JSON is left out. */
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
