import assert from "node:assert/strict";
import { describeOnEachEngine, useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { checkHistory } from "../../../support/directory/histories/check.js";
import { childProcesses, onlyProcess } from "../../../support/directory/histories/grounds.js";
import type { Ground } from "../../../support/directory/histories/trial.js";

/** What histories of hundreds of other seeds have in them, `npm run campaign -- directory` tries. */
const MAX_STEPS = 12;

/** Decisions are not timed here: they may not go behind what the directory says that it has followed. */
async function assertConverges(seed: number, ground: Omit<Ground, "isTimed">): Promise<void> {
  const { failure, outcome } = await checkHistory({ ...ground, isTimed: false }, { seed, maxSteps: MAX_STEPS });
  assert.equal(failure, undefined);
  assert(outcome.decisions > 0);
}

describeOnEachEngine("after a random history of an organization the directory is like it", (db) => {
  it("(seed 1)", () => assertConverges(1, { db, start: onlyProcess(db), maxProcesses: 1 }));
});

describe("after a random history of an organization the directory is like it where processes are killed", function () {
  this.timeout(180_000);
  const database = useTemporaryDatabase();
  const db = useOpened(database);
  it("(seed 2)", () => assertConverges(2, { db, start: childProcesses(database.url, db), maxProcesses: 2 }));
});
