import fc from "fast-check";
import { UnsupportedPlanError } from "../../../middleware/index.js";
import type { PdpVersion } from "../pdp/pdp-versions.js";
import { resourcesOf } from "./attributes.js";
import type { Database } from "./databases.js";
import { type Difference, explained } from "./explained.js";
import { type Specimen, STYLES, type Style, specimens } from "./grammar.js";
import { takenFor } from "./known-defects.js";
import { type Oracle, type OracleOptions, startOracle, Unplanned } from "./oracle.js";
import { type Actions, describeRules, when } from "./policy.js";
import { type Row, type Rows, withFamilies } from "./rows.js";
import { type TableName, tables } from "./tables.js";
import { conditionOf, differenceIn, isTrivial, type Trial, trialsOf } from "./trial.js";

/** Policies of one PDP, which compiles all before it serves. */
const BATCH = 200;
const ROWS = 40;
const SHARES: Readonly<Record<Style, number>> = { expressions: 0.5, rules: 0.25, anything: 0.25 };

export interface Counts {
  all: number;
  unsupported: number;
  /** The planner fails, so there is nothing to translate. */
  unplanned: number;
  /** Allowed nowhere or everywhere. */
  trivial: number;
}

/** What came of random policies. */
export interface Outcome {
  readonly counts: Readonly<Partial<Record<Style, Counts>>>;
  /** How many lists differ from the check by defects of the planner, by the names of these defects. */
  readonly defects: Readonly<Record<string, number>>;
  /** Every other difference, explained. */
  readonly failures: readonly string[];
}

export interface RandomOptions extends OracleOptions {
  readonly version: PdpVersion;
  /** How many policies. */
  readonly cases: number;
  readonly seed: number;
}

interface Batch {
  readonly kind: string;
  readonly style: Style;
  readonly actions: Actions;
  readonly rows: Rows;
}

/** Compares the lists of random policies with the checks of a PDP. */
export async function tryRandomPolicies(database: Database, options: RandomOptions): Promise<Outcome> {
  const counts: Partial<Record<Style, Counts>> = {};
  const differences: Difference[] = [];
  for (const batch of batchesOf(options)) {
    const counted = counts[batch.style] ?? { all: 0, unsupported: 0, unplanned: 0, trivial: 0 };
    counts[batch.style] = counted;
    await database.fill(batch.rows);
    const resources = resourcesOf(await database.contents());
    const { oracle, actions } = await startWithWellTyped(batch, options);
    try {
      for (const trial of await trialsOf(oracle, batch.kind, actions, resources)) {
        const { outcome, failure } = await judge(database, trial, options);
        counted.all += 1;
        if (outcome !== "exact") counted[outcome] += 1;
        counted.trivial += Number(isTrivial(trial));
        if (failure) differences.push({ trial, rows: batch.rows, text: failure });
      }
    } finally {
      await oracle.stop();
    }
  }
  const { defects, unexplained } = await explained(database, differences, options);
  const failures: string[] = [];
  for (const { trial, rows, text } of unexplained) {
    await database.fill(rows);
    failures.push(await smallestFailure(database, trial, text, options));
  }
  return { counts, defects, failures };
}

async function judge(
  database: Database,
  trial: Trial,
  { strictEvaluation = false }: OracleOptions,
): Promise<{ outcome: "exact" | "unsupported" | "unplanned"; failure?: string | undefined }> {
  const condition = conditionOf(trial.filter, { ...trial.action.options, strictEvaluation });
  if (condition instanceof UnsupportedPlanError) return { outcome: "unsupported" };
  if (condition instanceof Unplanned) return { outcome: "unplanned" };
  return { outcome: "exact", failure: await differenceIn(database, trial, condition) };
}

const specimensByAction = new WeakMap<object, Specimen>();

function batchesOf({ cases, seed }: RandomOptions): Batch[] {
  return Object.keys(STYLES).flatMap((name) => {
    const style = name as Style;
    const all = fc.sample(specimens(style), { seed, numRuns: Math.round(cases * SHARES[style]) });
    return Array.from({ length: Math.ceil(all.length / BATCH) }, (_, n) => {
      const some = all.slice(n * BATCH, (n + 1) * BATCH);
      for (const specimen of some) specimensByAction.set(specimen.action, specimen);
      const actions = Object.fromEntries(some.map(({ action }, place) => [`${style}-${n * BATCH + place}`, action]));
      const [rows] = fc.sample(randomRows(), { seed: seed + n, numRuns: 1 });
      return { kind: `${style}${n}`, style, actions, rows: rows as Rows };
    });
  });
}

/** Starts a PDP. Takes out what its compiler finds ill-typed, which is rare, and for which no PDP starts. */
async function startWithWellTyped(
  { kind, actions }: Pick<Batch, "kind" | "actions">,
  options: OracleOptions,
): Promise<{ oracle: Oracle; actions: Actions }> {
  try {
    return { oracle: await startOracle({ [kind]: actions }, options), actions };
  } catch (error) {
    const found = [...String(error).matchAll(/Invalid expression `(.+?)`: \[/g)];
    const refused = found.map(([, text]) => JSON.stringify(text));
    if (refused.length === 0) throw error;
    const wellTyped = Object.entries(actions).filter(([, { rules }]) =>
      refused.every((text) => !describeRules(rules).includes(text)),
    );
    return startWithWellTyped({ kind, actions: Object.fromEntries(wellTyped) }, options);
  }
}

/** Rows whose values are drawn from the pools, duplicates and all. */
function randomRows(): fc.Arbitrary<Rows> {
  return fc.gen().map((draw) => {
    const make = (table: TableName): Row =>
      Object.fromEntries(
        Object.entries(tables[table].columns).map(([column, { pool }]) => [column, draw(fc.constantFrom, ...pool)]),
      );
    const things = Array.from({ length: ROWS }, (_, n) => ({ ...make("things"), id: `${draw(fc.nat, 9)}-${n}`, n }));
    return withFamilies(things, make, () => draw(fc.nat, 3));
  });
}

/** The shortest condition inside that is wrong by itself, on the rows that are in the database. */
async function smallestFailure(
  database: Database,
  { name, action, resources }: Trial,
  whole: string,
  options: RandomOptions,
): Promise<string> {
  const parts = specimensByAction.get(action)?.parts ?? [];
  const shortestFirst = [...parts].sort((a, b) => a.length - b.length);
  const alone = Object.fromEntries(
    shortestFirst.map((part, n) => [
      `${name}, part ${n}`,
      when(part, action.options ? { options: action.options } : {}),
    ]),
  );
  const oracle = await startOracle({ part: alone }, options);
  try {
    for (const trial of await trialsOf(oracle, "part", alone, resources)) {
      const { failure } = await judge(database, trial, options);
      if (failure && takenFor(trial.action, options.version.name, () => undefined).length === 0) return failure;
    }
    return whole;
  } finally {
    await oracle.stop();
  }
}
