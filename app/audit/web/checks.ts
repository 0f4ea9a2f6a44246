import type { CheckedResource } from "../../../middleware/index.js";

/** How much was asked ahead in one call. */
export interface ChecksCount {
  readonly resources: number;
  readonly kinds: readonly string[];
  readonly actions: readonly string[];
  /** Questions: actions on a resource. */
  readonly total: number;
  readonly allowed: number;
}

/** Counts what was asked ahead in one call. */
export function countChecks(checks: readonly CheckedResource[]): ChecksCount {
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
