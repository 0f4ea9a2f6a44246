import assert from "node:assert/strict";
import fc from "fast-check";
import { PdpUnavailableError, UnsupportedPlanError } from "../../../middleware/index.js";
import { resourcesOf } from "../../support/differential/attributes.js";
import { type Database, databases } from "../../support/differential/databases.js";
import { type Specimen, STYLES, type Style, specimens } from "../../support/differential/grammar.js";
import { type Oracle, startOracle } from "../../support/differential/oracle.js";
import { type Actions, describeRules, when } from "../../support/differential/policy.js";
import { type Row, type Rows, withFamilies } from "../../support/differential/rows.js";
import { type TableName, tables } from "../../support/differential/tables.js";
import { conditionOf, differenceIn, isTrivial, type Trial, trialsOf } from "../../support/differential/trial.js";

const CASES = Number(process.env.CASES ?? (process.env.CI ? 2_000 : 300));
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const BATCH = 250;
const ROWS = 40;
/** Of how many conditions `toSql` may say that it cannot be exact, as a share. */
const UNSUPPORTED: Readonly<Record<Style, number>> = { expressions: 0.1, rules: 0.1, anything: 0.8 };
const SHARES: Readonly<Record<Style, number>> = { expressions: 0.5, rules: 0.25, anything: 0.25 };

/** Where there is PostgreSQL, on it. */
const engine = process.env.TEST_DATABASE_URL ? "PostgreSQL" : "PGlite";

interface Counts {
  all: number;
  unsupported: number;
  /** The planner fails where a constant list's macro does not use its variable, so there is nothing to translate. */
  unplanned: number;
  /** Allowed nowhere or everywhere. */
  trivial: number;
}

interface Batch {
  readonly kind: string;
  readonly style: Style;
  actions: Actions;
  readonly rows: Rows;
}

describe(`toSql on random policies and rows, in ${engine}`, function () {
  this.timeout(300_000);

  let database: Database;
  before(async function () {
    const opened = await databases[engine]?.(this);
    assert.ok(opened);
    database = opened;
  });
  after(() => database?.close());

  it(`returns what the PDP allows: ${CASES} policies`, async function () {
    const batches = batchesOf(SEED);
    const oracle = await startWithWellTyped(batches);
    const counts: Partial<Record<Style, Counts>> = {};
    const failures: string[] = [];
    try {
      for (const { kind, actions, style, rows } of batches) {
        await database.fill(rows);
        const resources = resourcesOf(await database.contents());
        counts[style] ??= { all: 0, unsupported: 0, unplanned: 0, trivial: 0 };
        for (const trial of await trialsOf(oracle, kind, actions, resources)) {
          const { outcome, failure } = await judge(database, trial);
          counts[style].all += 1;
          if (outcome !== "exact") counts[style][outcome] += 1;
          counts[style].trivial += Number(isTrivial(trial));
          if (failure) failures.push(await smallestFailure(database, specimenOf(trial), trial, failure));
        }
      }
    } finally {
      await oracle.stop();
    }
    this.runnable().title += ` (seed ${SEED}; ${JSON.stringify(counts)})`;
    const tried = Object.values(counts).reduce((sum, { all }) => sum + all, 0);
    assert.ok(tried >= CASES * 0.99, `only ${tried} were well-typed`);
    assert.equal(failures.length, 0, `SEED=${SEED} CASES=${CASES}\n\n${failures.join("\n\n")}`);
    for (const [style, { all, unsupported }] of Object.entries(counts)) {
      assert.ok(unsupported <= all * UNSUPPORTED[style as Style], `${style}: ${unsupported} of ${all} unsupported`);
    }
  });

  const specimensByAction = new WeakMap<object, Specimen>();

  function specimenOf({ action }: Trial): Specimen {
    return specimensByAction.get(action) ?? { action, parts: [] };
  }

  function batchesOf(seed: number): Batch[] {
    return Object.keys(STYLES).flatMap((name) => {
      const style = name as Style;
      const all = fc.sample(specimens(style), { seed, numRuns: Math.round(CASES * SHARES[style]) });
      return Array.from({ length: Math.ceil(all.length / BATCH) }, (_, n) => {
        const some = all.slice(n * BATCH, (n + 1) * BATCH);
        for (const specimen of some) specimensByAction.set(specimen.action, specimen);
        const actions = Object.fromEntries(some.map(({ action }, place) => [`${style}-${n * BATCH + place}`, action]));
        const [rows] = fc.sample(randomRows(), { seed: seed + n, numRuns: 1 });
        return { kind: `${style}${n}`, style, actions, rows: rows as Rows };
      });
    });
  }
});

/** Starts a PDP. Takes out what its compiler finds ill-typed, which is rare, and for which no PDP starts. */
async function startWithWellTyped(batches: readonly Batch[]): Promise<Oracle> {
  for (;;) {
    try {
      return await startOracle(Object.fromEntries(batches.map(({ kind, actions }) => [kind, actions])));
    } catch (error) {
      const refused = [...String(error).matchAll(/Invalid expression `(.+?)`: \[/g)].map(([, text]) =>
        JSON.stringify(text),
      );
      if (refused.length === 0) throw error;
      for (const batch of batches) {
        const kept = Object.entries(batch.actions).filter(([, { rules }]) =>
          refused.every((text) => !describeRules(rules).includes(text)),
        );
        batch.actions = Object.fromEntries(kept);
      }
    }
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

async function judge(
  database: Database,
  trial: Trial,
): Promise<{ outcome: "exact" | "unsupported" | "unplanned"; failure?: string | undefined }> {
  const condition = conditionOf(trial.filter, trial.action.options);
  if (condition instanceof UnsupportedPlanError) return { outcome: "unsupported" };
  if (condition instanceof PdpUnavailableError) return { outcome: "unplanned" };
  return { outcome: "exact", failure: await differenceIn(database, trial, condition) };
}

/** The shortest condition inside that is wrong by itself, on the rows that are in the database. */
async function smallestFailure(
  database: Database,
  { action, parts }: Specimen,
  { name, resources }: Trial,
  whole: string,
): Promise<string> {
  const shortestFirst = [...parts].sort((a, b) => a.length - b.length);
  const alone = Object.fromEntries(
    shortestFirst.map((part, n) => [
      `${name}, part ${n}`,
      when(part, action.options ? { options: action.options } : {}),
    ]),
  );
  const oracle = await startOracle({ part: alone });
  try {
    for (const trial of await trialsOf(oracle, "part", alone, resources)) {
      const { failure } = await judge(database, trial);
      if (failure) return failure;
    }
    return whole;
  } finally {
    await oracle.stop();
  }
}
