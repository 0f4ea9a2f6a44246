import assert from "node:assert/strict";
import { type Resource, UnsupportedPlanError } from "../../../middleware/index.js";
import { actions as all } from "../../support/differential/actions.js";
import { resourcesOf } from "../../support/differential/attributes.js";
import { type Database, databases } from "../../support/differential/databases.js";
import { type Oracle, startOracle } from "../../support/differential/oracle.js";
import { describeRules } from "../../support/differential/policy.js";
import { rows } from "../../support/differential/rows.js";
import { quoted, table } from "../../support/differential/tables.js";
import {
  conditionOf,
  differenceIn,
  explain,
  isTrivial,
  type Trial,
  trialsOf,
} from "../../support/differential/trial.js";
import { compilers } from "../../support/middleware/query-builders.js";

const KIND = "thing";

/** `ACTIONS`, a regular expression of names and conditions, chooses some. */
const chosen = new RegExp(process.env.ACTIONS ?? "");
const actions = Object.fromEntries(
  Object.entries(all).filter(([name, { rules }]) => chosen.test(`${name} ${describeRules(rules)}`)),
);

describe("toSql on a hostile policy", function () {
  this.timeout(120_000);

  let oracle: Oracle;
  let trials: readonly Trial[];
  let resources: readonly Resource[];
  const opened = new Map<string, Database>();

  before(async function () {
    const starting = startOracle({ [KIND]: actions });
    const [[name, open] = []] = Object.entries(databases);
    const first = await open?.(this);
    assert.ok(name && first);
    opened.set(name, first);
    await first.fill(rows);
    resources = resourcesOf(await first.contents());
    oracle = await starting;
    trials = await trialsOf(oracle, KIND, actions, resources);
  });

  after(async () => {
    for (const database of opened.values()) await database.close();
    await oracle?.stop();
  });

  it("has actions that allow some rows and not others, or says why not", () => {
    const wrong = trials.filter((trial) => isTrivial(trial) !== (trial.action.trivial !== undefined));
    assert.deepEqual(
      wrong.map(({ name, action, expected }) => `${name}: ${describeRules(action.rules)} allows ${expected.size}`),
      [],
    );
  });

  it("returns templates that are the same conditions", () => {
    const firstPlaceholder = 3;
    let compared = 0;
    for (const { name, action, filter } of trials) {
      const condition = conditionOf(filter, { ...action.options, firstPlaceholder });
      if (condition instanceof Error) continue;
      const { text, values, template } = condition;
      const outsideOfQuotes = (found: string) => found.startsWith("$");
      const placeholders = [...text.matchAll(/"[^"]*"|'[^']*'|\$\d+/g)].flat().filter(outsideOfQuotes);
      assert.equal(String.raw(template.strings, ...placeholders), text, name);
      const valuesInText = placeholders.map((placeholder) => values[Number(placeholder.slice(1)) - firstPlaceholder]);
      assert.deepEqual(template.values, valuesInText, name);
      compared += 1;
    }
    assert.ok(compared > 0);
  });

  for (const [builder, compile] of Object.entries(compilers)) {
    it(`returns what becomes the same conditions, with every value bound, in queries of ${builder}`, () => {
      const conditions = trials.map(({ filter, action }) => conditionOf(filter, action.options));
      assert.ok(conditions.length > 0);
      for (const condition of conditions) {
        if (condition instanceof Error) continue;
        const { strings, values } = condition.template;
        const placeholders = values.map((_, n) => `$${n + 2}`);
        const { text, values: bound } = compile("before", condition);
        assert.equal(text, `SELECT $1 WHERE (${String.raw(strings, ...placeholders)})`);
        assert.deepEqual(bound, ["before", ...values]);
      }
    });
  }

  for (const [name, open] of Object.entries(databases)) {
    describe(`in ${name}`, () => {
      let database: Database;
      before(async function () {
        database = opened.get(name) ?? (await open(this));
        opened.set(name, database);
        await database.fill(rows);
        assert.deepEqual(resourcesOf(await database.contents()), resources, "drivers read differently");
      });

      it("returns the rows that the PDP allows, or says what it cannot", async function () {
        const counts: Record<string, number> = {};
        const failures: string[] = [];
        for (const trial of trials) {
          const { outcome, failure } = await judge(database, trial);
          counts[outcome] = (counts[outcome] ?? 0) + 1;
          if (failure) failures.push(failure);
        }
        const said = Object.entries(counts).map(([outcome, count]) => `${count} ${outcome}`);
        this.runnable().title += ` (${trials.length} actions on ${resources.length} rows: ${said.join(", ")})`;
        assertNone(failures);
      });

      it("returns them without being told about the policies too, or refuses", async () => {
        const failures: string[] = [];
        for (const trial of trials) {
          if (!trial.action.options || trial.action.plannerDefect) continue;
          const strict = conditionOf(trial.filter);
          if (strict instanceof UnsupportedPlanError) continue;
          const failure = await differenceIn(database, trial, strict);
          if (failure) failures.push(failure);
        }
        assertNone(failures);
      });

      it("fits into a query with placeholders and a name of its own", async () => {
        const failures: string[] = [];
        for (const trial of trials) {
          const { action, filter, expected } = trial;
          const options = { ...action.options, table: "one of them", firstPlaceholder: 3 };
          const condition = conditionOf(filter, options);
          if (action.plannerDefect || condition instanceof Error) continue;
          const { text, values } = condition;
          const [row] = await database.query(
            `select count(*)::int from ${quoted(table)} "one of them" where $1::int = 1 and ${text} and $2::text = 'x'`,
            [1, "x", ...values],
          );
          if (row?.count !== expected.size) failures.push(explain(trial, `returns ${row?.count}\n${text}`));
        }
        assertNone(failures);
      });
    });
  }
});

async function judge(database: Database, trial: Trial): Promise<{ outcome: string; failure?: string | undefined }> {
  const { action, filter } = trial;
  const condition = conditionOf(filter, action.options);
  if (action.plannerDefect) {
    const isThere = condition instanceof Error || (await differenceIn(database, trial, condition));
    return { outcome: "with a planner's defect", failure: isThere ? undefined : explain(trial, "the defect is gone") };
  }
  if (action.unsupported) {
    const isRefused = condition instanceof UnsupportedPlanError;
    return { outcome: "unsupported", failure: isRefused ? undefined : explain(trial, "it should be unsupported") };
  }
  return { outcome: "exact", failure: await differenceIn(database, trial, condition) };
}

function assertNone(failures: readonly string[]): void {
  assert.equal(failures.length, 0, `${failures.length} wrong\n\n${failures.join("\n\n")}`);
}
