import assert from "node:assert/strict";
import { UnsupportedPlanError } from "../../../middleware/index.js";
import { actions } from "../../support/differential/actions.js";
import { resourcesOf } from "../../support/differential/attributes.js";
import { type Database, databases } from "../../support/differential/databases.js";
import { type Difference, explained } from "../../support/differential/explained.js";
import { type Oracle, startOracle, Unplanned } from "../../support/differential/oracle.js";
import { rows } from "../../support/differential/rows.js";
import { conditionOf, differenceIn, trialsOf } from "../../support/differential/trial.js";
import { pdpVersions } from "../../support/pdp/pdp-versions.js";

const KIND = "thing";

/** Where there is PostgreSQL, on it. */
const engine = process.env.TEST_DATABASE_URL ? "PostgreSQL" : "PGlite";

for (const version of pdpVersions.slice(1)) {
  describe(`toSql on a hostile policy of PDP ${version.name}, in ${engine}`, function () {
    this.timeout(200_000);

    let database: Database;
    let oracle: Oracle;
    before(async function () {
      const opened = await databases[engine]?.(this);
      assert.ok(opened);
      database = opened;
      oracle = await startOracle({ [KIND]: actions }, { version });
    });
    after(async () => {
      await oracle?.stop();
      await database?.close();
    });

    it("returns the rows that the PDP allows, but for known defects, or says what it cannot", async function () {
      await database.fill(rows);
      const resources = resourcesOf(await database.contents());
      const counts = { exact: 0, unsupported: 0, unplanned: 0 };
      const differences: Difference[] = [];
      for (const trial of await trialsOf(oracle, KIND, actions, resources)) {
        const condition = conditionOf(trial.filter, trial.action.options);
        if (condition instanceof UnsupportedPlanError) counts.unsupported += 1;
        else if (condition instanceof Unplanned) counts.unplanned += 1;
        else {
          const text = await differenceIn(database, trial, condition);
          if (text) differences.push({ trial, rows, text });
          else counts.exact += 1;
        }
      }
      const { defects, unexplained } = await explained(database, differences, { version });
      this.runnable().title += ` (${JSON.stringify({ ...counts, ...defects })})`;
      assert.equal(unexplained.length, 0, unexplained.map(({ text }) => text).join("\n\n"));
      assert.ok(counts.exact > 0.9 * Object.keys(actions).length, `only ${counts.exact} are exact`);
    });
  });
}
