import assert from "node:assert/strict";
import { databases } from "../../support/differential/databases.js";
import { rows } from "../../support/differential/rows.js";
import { quoted, table } from "../../support/differential/tables.js";
import { conditionOf } from "../../support/differential/trial.js";
import { attribute, call, filterWhen, value } from "../../support/middleware/plans.js";

/** Texts that PDPs before 0.55 take for timestamps, and newer ones do not. */
const lenient = [
  "2024-03-10T1:30:00Z",
  "2024-03-10T01:30:00,5Z",
  "2024-03-10T01:30:00+24:00",
  "2024-03-10T01:30:00+23:60",
  "2024-03-10T01:30:00-24:60",
];
/** Their likes that all PDPs take. */
const exact = [
  "2024-03-10T01:30:00Z",
  "2024-03-10T01:30:00.5Z",
  "2024-03-10T01:30:00+23:59",
  "2024-03-10T01:30:00-00:00",
];

describe("timestamp() of text", function () {
  this.timeout(180_000);

  for (const [name, open] of Object.entries(databases)) {
    it(`takes what every PDP takes, in ${name}`, async function () {
      const database = await open(this);
      try {
        const [first] = rows.things;
        const things = [...lenient, ...exact].map((text, n) => ({ ...first, id: text, n, when_text: text }));
        await database.fill({ ...rows, things, shares: [], parts: [], bits: [], watchers: [], grades: [] });
        const plan = call("ge", call("timestamp", attribute("when")), call("timestamp", value("2000-01-01T00:00:00Z")));
        const condition = conditionOf(filterWhen(plan));
        assert.ok(!(condition instanceof Error));
        const sql = `select id from ${quoted(table)} where ${condition.text} order by n`;
        assert.deepEqual(
          (await database.query(sql, condition.values)).map(({ id }) => id),
          exact,
        );
      } finally {
        await database.close();
      }
    });
  }
});
