import assert from "node:assert/strict";
import type { Expression } from "../../../middleware/filter/filter.js";
import { type Filter, UnsupportedPlanError } from "../../../middleware/index.js";
import { toSql } from "../../../middleware/sql/index.js";
import { resourcesOf } from "../../support/differential/attributes.js";
import { type Database, databases } from "../../support/differential/databases.js";
import { type Oracle, startOracle } from "../../support/differential/oracle.js";
import { type Action, unless, when } from "../../support/differential/policy.js";
import { rows } from "../../support/differential/rows.js";
import { columns, table } from "../../support/differential/tables.js";
import { conditionOf, differenceIn, trialsOf } from "../../support/differential/trial.js";
import { isBefore, pdpVersions } from "../../support/pdp/pdp-versions.js";

/** The first release with the setting `engine.strictEvaluation`. */
const FIRST = "0.55.0";

const MAY_FAIL = 'R.attr.nick == "a"';
const FAILS_ELSEWHERE = "R.attr.score > 0.0";
const NEVER_FAILS = 'R.attr.title == "a"';
const NEVER_FAILS_EITHER = "R.attr.on";

const allow = (condition: string) => ({ effect: "allow", when: condition }) as const;
const deny = (condition: string) => ({ effect: "deny", when: condition }) as const;

/** What `toSql` can say of a PDP that evaluates strictly. */
const exact: Readonly<Record<string, Action>> = {
  "a condition that may fail": when(MAY_FAIL),
  "its negation": when(`R.attr.on && !(${MAY_FAIL})`),
  "two conditions in one": when(`${MAY_FAIL} && ${FAILS_ELSEWHERE}`),
  "two rules of which none can fail": { rules: [allow(NEVER_FAILS), allow(NEVER_FAILS_EITHER)] },
  "a rule that denies where another allows": { rules: [allow(NEVER_FAILS_EITHER), deny(MAY_FAIL)] },
  "two rules that deny": { rules: [allow(NEVER_FAILS_EITHER), deny(MAY_FAIL), deny(FAILS_ELSEWHERE)] },
  "a block of which none may hold": when({ all: [NEVER_FAILS_EITHER, { none: [MAY_FAIL, FAILS_ELSEWHERE] }] }),
  "a comprehension": when('R.attr.tags.exists(t, t == R.attr.nick || t == "a")'),
};

/** What it cannot. */
const refused: Readonly<Record<string, Action>> = {
  "two rules of which one may fail": { rules: [allow(NEVER_FAILS_EITHER), allow(MAY_FAIL)] },
  "two rules of which both may fail": { rules: [allow(FAILS_ELSEWHERE), allow(MAY_FAIL)] },
  "a block of which one part may fail": when({ any: [MAY_FAIL, NEVER_FAILS_EITHER] }),
  "a block that denies where all its parts hold": {
    rules: [allow(NEVER_FAILS_EITHER), { effect: "deny", when: { all: [MAY_FAIL, FAILS_ELSEWHERE] } }],
  },
  "a rule that allows every row beside one that may fail": { rules: [{ effect: "allow" }, allow(MAY_FAIL)] },
  "a rule that allows every row beside one that denies": unless(MAY_FAIL),
  "a rule that the principal decides": { rules: [allow('P.attr.name == "a"'), allow(MAY_FAIL)] },
};

for (const version of pdpVersions.filter(({ name }) => !isBefore(name, FIRST))) {
  describe(`toSql for a PDP ${version.name} that evaluates strictly`, function () {
    this.timeout(60_000);
    const actions = { ...exact, ...refused };
    const kind = "thing";

    let database: Database;
    let oracle: Oracle;
    before(async function () {
      const opened = await databases.PGlite?.(this);
      assert.ok(opened);
      database = opened;
      await database.fill(rows);
      oracle = await startOracle({ [kind]: actions }, { version, strictEvaluation: true });
    });
    after(async () => {
      await oracle?.stop();
      await database?.close();
    });

    const trialsFor = async (some: Readonly<Record<string, Action>>) =>
      trialsOf(oracle, kind, some, resourcesOf(await database.contents()));

    it("returns the rows that the PDP allows", async () => {
      for (const trial of await trialsFor(exact)) {
        const condition = conditionOf(trial.filter, { strictEvaluation: true });
        assert.equal(await differenceIn(database, trial, condition), undefined);
        assert.ok(trial.expected.size > 0 && trial.expected.size < trial.resources.length, trial.name);
      }
    });

    it("refuses what a plan does not say, for which it returns too many rows without the setting", async () => {
      const wider: string[] = [];
      for (const trial of await trialsFor(refused)) {
        assert.ok(conditionOf(trial.filter, { strictEvaluation: true }) instanceof UnsupportedPlanError, trial.name);
        if (await differenceIn(database, trial, conditionOf(trial.filter, { negations: "rules" })))
          wider.push(trial.name);
      }
      assert.deepEqual(wider, Object.keys(refused));
    });
  });
}

describe("toSql with strictEvaluation", () => {
  const strictly = (filter: Filter) => toSql(filter, { table, columns, strictEvaluation: true }).text;
  const mayFail: Expression = { type: "attribute", path: ["active"] };
  const neverFails: Expression = { type: "attribute", path: ["on"] };
  const call = (operator: "and" | "or" | "not", ...operands: Expression[]): Expression => ({
    type: "call",
    operator,
    operands,
    mayBeRule: true,
  });
  const conditional = (condition: Expression): Filter => ({ decision: "conditional", condition });

  it("refuses a condition that may fail beside another that allows", () => {
    assert.throws(() => strictly(conditional(call("or", neverFails, mayFail))), UnsupportedPlanError);
    assert.throws(() => strictly(conditional(call("and", neverFails, call("not", call("and", mayFail, neverFails))))), {
      operator: "and",
      attribute: "R.attr.active",
    });
    assert.ok(strictly(conditional(call("or", neverFails, neverFails))));
    assert.ok(strictly(conditional(call("and", neverFails, call("not", call("or", mayFail, neverFails))))));
  });

  it("refuses a plan without the conditions that allow", () => {
    assert.throws(() => strictly({ decision: "allowed" }), UnsupportedPlanError);
    assert.throws(() => strictly(conditional(call("not", mayFail))), UnsupportedPlanError);
    assert.equal(strictly({ decision: "denied" }), "FALSE");
  });

  it("must be true or false", () => {
    const options = { table, columns, strictEvaluation: "true" as unknown as boolean };
    assert.throws(() => toSql({ decision: "denied" }, options), TypeError);
  });
});
