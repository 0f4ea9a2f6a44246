import assert from "node:assert/strict";
import { type Database, databases } from "../../support/differential/databases.js";
import type { Style } from "../../support/differential/grammar.js";
import { tryRandomPolicies } from "../../support/differential/random-policies.js";
import { pdpVersions } from "../../support/pdp/pdp-versions.js";

/** Policies on all releases of the PDP together. */
const CASES = Number(process.env.CASES ?? (process.env.CI ? 2_000 : 300));
const SEED = Number(process.env.SEED ?? (process.env.CI ? 1 : Date.now() % 1_000_000));
/** Of how many conditions `toSql` may say that it cannot be exact, as a share. */
const UNSUPPORTED: Readonly<Record<Style, number>> = { expressions: 0.1, rules: 0.1, anything: 0.8 };

/** Where there is PostgreSQL, on it. */
const engine = process.env.TEST_DATABASE_URL ? "PostgreSQL" : "PGlite";

describe(`toSql on random policies and rows, in ${engine}`, function () {
  this.timeout(900_000);

  let database: Database;
  before(async function () {
    const opened = await databases[engine]?.(this);
    assert.ok(opened);
    database = opened;
  });
  after(() => database?.close());

  for (const version of pdpVersions) {
    const cases = Math.ceil(CASES / pdpVersions.length);

    it(`returns what PDP ${version.name} allows, but for its planner's known defects: ${cases} policies`, async function () {
      const { counts, defects, failures } = await tryRandomPolicies(database, { version, cases, seed: SEED });
      this.runnable().title += ` (seed ${SEED}; ${JSON.stringify({ ...counts, ...defects })})`;
      const tried = Object.values(counts).reduce((sum, { all }) => sum + all, 0);
      assert.ok(tried >= cases * 0.99, `only ${tried} were well-typed`);
      assert.equal(failures.length, 0, `SEED=${SEED} CASES=${CASES}\n\n${failures.join("\n\n")}`);
      for (const [style, { all, unsupported }] of Object.entries(counts)) {
        assert.ok(unsupported <= all * UNSUPPORTED[style as Style], `${style}: ${unsupported} of ${all} unsupported`);
      }
    });
  }
});
