import assert from "node:assert/strict";
import { useTemporaryDatabase } from "../support/database/temporary-database.js";
import { tryRequests } from "../support/requests/trial.js";

/** A sample of the campaign `requests`, always the same. */
const SAMPLE = { seed: 20_261_128, cases: 300 };

describe("mutated requests of all identities to all routes", function () {
  this.timeout(600_000);
  const database = useTemporaryDatabase();

  it("get no 5xx, nothing that the PDP denies, no contact that they may not read, and leave nothing personal in the log", async () => {
    const { statuses, successes, changes, findings } = await tryRequests(database.url, SAMPLE);
    assert.deepEqual(findings, []);
    // They get far enough for that to mean something.
    assert.ok(changes > 0, "no changes");
    assert.ok(Object.keys(successes).length >= 6, JSON.stringify(successes));
    for (const status of [200, 302, 401, 403, 404]) assert.ok((statuses[status] ?? 0) > 3, JSON.stringify(statuses));
  });
});
