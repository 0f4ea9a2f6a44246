import type { PdpVersion } from "../pdp/pdp-versions.js";
import type { Database } from "./databases.js";
import { type Decided, takenFor } from "./known-defects.js";
import { type OracleOptions, startOracle } from "./oracle.js";
import { when } from "./policy.js";
import type { Rows } from "./rows.js";
import { conditionOf, differenceIn, type Trial } from "./trial.js";

/** A list that differs from the check. */
export interface Difference {
  readonly trial: Trial;
  /** What was in the database. */
  readonly rows: Rows;
  readonly text: string;
}

export interface Explained {
  /** How many differences there are by known defects, by the names of these. */
  readonly defects: Readonly<Record<string, number>>;
  readonly unexplained: readonly Difference[];
}

interface Options extends OracleOptions {
  readonly version: PdpVersion;
}

/** Puts differences down to the known defects, where these explain every row. */
export async function explained(
  database: Database,
  differences: readonly Difference[],
  options: Options,
): Promise<Explained> {
  const { version, strictEvaluation = false } = options;
  const defects: Record<string, number> = {};
  const unexplained: Difference[] = [];
  const decided = await decidedConditions(differences, options);
  const suspects = differences.map((difference, n) => ({
    difference,
    candidates: takenFor(difference.trial.action, version.name, decided).map((taken, m) => ({
      taken,
      kind: `it${n}-${m}`,
    })),
  }));
  const kinds = suspects.flatMap(({ candidates }) => candidates.map(({ kind, taken }) => [kind, { it: taken.action }]));
  const oracle = kinds.length > 0 ? await startOracle(Object.fromEntries(kinds), options) : undefined;
  try {
    for (const { difference, candidates } of suspects) {
      const { trial, rows } = difference;
      const condition = conditionOf(trial.filter, { ...trial.action.options, strictEvaluation });
      await database.fill(rows);
      let name: string | undefined;
      for (const { taken, kind } of candidates) {
        const allowed = await oracle?.allowed(kind, { it: taken.action }, trial.resources);
        const expected = allowed?.get("it") ?? new Set<string>();
        const differs = await differenceIn(database, { ...trial, expected }, condition);
        if (!differs) name ??= taken.defects.join(", and ");
      }
      if (name === undefined) unexplained.push(difference);
      else defects[name] = (defects[name] ?? 0) + 1;
    }
  } finally {
    await oracle?.stop();
  }
  if (differences.length === 1) return { defects, unexplained };
  // PDP 0.55 takes rules of different policies for the same where only their blocks differ. Alone they are told apart.
  const unexplainedAlone: Difference[] = [];
  for (const difference of unexplained) {
    const alone = await explained(database, [difference], options);
    for (const name of Object.keys(alone.defects)) defects[name] = (defects[name] ?? 0) + 1;
    unexplainedAlone.push(...alone.unexplained);
  }
  return { defects, unexplained: unexplainedAlone };
}

/** What the planner knows of the conditions in the principal's policies. */
async function decidedConditions(differences: readonly Difference[], options: OracleOptions): Promise<Decided> {
  const rules = differences.flatMap(({ trial }) => trial.action.rules.filter((rule) => rule.ofPrincipal));
  const conditions = rules.flatMap(({ when }) => (when === undefined ? [] : [when]));
  if (conditions.length === 0) return () => undefined;
  const actions = Object.fromEntries(conditions.map((condition, n) => [`condition${n}`, when(condition)]));
  const oracle = await startOracle({ condition: actions }, options);
  try {
    const decisions = new Map<string, string>();
    for (const [n, condition] of conditions.entries()) {
      const plan = await oracle.plan("condition", `condition${n}`);
      if (!(plan instanceof Error)) decisions.set(JSON.stringify(condition), plan.decision);
    }
    return (condition) => {
      const decision = decisions.get(JSON.stringify(condition));
      return decision === "conditional" || decision === undefined ? undefined : decision === "allowed";
    };
  } finally {
    await oracle.stop();
  }
}
