import { sum } from "d3-array";
import type { CheckEvent, CheckedResource } from "../../../middleware/index.js";

/** How much was asked ahead in one call, or how many rows were checked. */
export interface ChecksCount {
  readonly resources: number;
  readonly kinds: readonly string[];
  readonly actions: readonly string[];
  /** Questions: actions on a resource. */
  readonly total: number;
  readonly allowed: number;
}

/** Counts what a record of checks is about. */
export function countChecks({ checks, counts }: Pick<CheckEvent, "checks" | "counts">): ChecksCount {
  if (counts) {
    return {
      // Each action is checked on the same rows.
      resources: Math.max(0, ...counts.map(({ checked }) => checked)),
      kinds: [...new Set(counts.map(({ kind }) => kind))],
      actions: [...new Set(counts.map(({ action }) => action))],
      total: sum(counts, ({ checked }) => checked),
      allowed: sum(counts, ({ allowed }) => allowed),
    };
  }
  const effects = checks.flatMap((check) => Object.values(check.effects));
  return {
    resources: checks.length,
    kinds: [...new Set(checks.map(({ kind }) => kind))],
    actions: [...new Set(checks.flatMap((check) => Object.keys(check.effects)))],
    total: effects.length,
    allowed: effects.filter((effect) => effect === "allow").length,
  };
}

/** A resource that was asked about ahead, as its row shows it: its actions by what was answered. */
export function checkedRow({ kind, id, effects }: CheckedResource) {
  const answered = (effect: string) => Object.keys(effects).filter((action) => effects[action] === effect);
  return { kind, id, allowed: answered("allow"), denied: answered("deny") };
}
