import type { Pdp } from "../../../middleware/index.js";
import { describeOnEachEngine } from "../../support/database/suites.js";
import { tryRelationships } from "../../support/directory/relationships/trial.js";
import { usePdp } from "../../support/pdp/real-pdp.js";

const SEED = Number(process.env.SEED ?? (process.env.CI ? 1 : Date.now() % 1_000_000));
/** Many more `npm run campaign -- relationships` tries. */
const CASES = Number(process.env.CASES ?? 20);

describeOnEachEngine("in a random organization a user sees what those own who report to them, and no more", (db) => {
  let pdp: Pdp;
  usePdp("policies", (opened) => {
    pdp = opened;
  });

  it(`(seed ${SEED}, ${CASES} histories)`, () => tryRelationships(db, pdp, { seed: SEED, cases: CASES, maxSteps: 12 }));
});
