import assert from "node:assert/strict";
import { mock } from "node:test";
import { rateLimits } from "../../../../app/db/schema.js";
import { sharedBudgets } from "../../../../app/web/limits/budget.js";
import { engines } from "../../../support/database/engines.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { until } from "../../../support/until.js";

describeOnEachEngine("a shared budget", (db) => {
  it("lets no more through than it has, however many processes ask at once, for each key and name", async () => {
    const processes = [sharedBudgets(db, "secret").of("a", 20), sharedBudgets(db, "secret").of("a", 20)];
    const balances = await Promise.all(Array.from({ length: 60 }, (_, i) => processes[i % 2]?.charge("k", 1)));
    assert.equal(balances.filter((balance) => balance?.isOverdrawn === false).length, 20);
    assert.equal((await processes[0]?.charge("other", 1))?.remaining, 19);
    assert.equal((await sharedBudgets(db, "secret").of("b", 20).charge("k", 1)).remaining, 19);
    assert.ok(balances.every((balance) => balance && balance.resetAfter > 0 && balance.resetAfter <= 60_000));
  });

  it("takes a price above the whole budget as all of it", async () => {
    const budget = sharedBudgets(db, "secret").of("c", 20);
    assert.deepEqual(
      [await budget.charge("k", 100), await budget.charge("k", 1)].map(({ isOverdrawn }) => isOverdrawn),
      [false, true],
    );
  });

  it("asks the database no more often than it has points, and keeps no key that can be read", async () => {
    const budget = sharedBudgets(db, "secret").of("d", 5);
    for (let i = 0; i < 50; i++) await budget.charge("192.0.2.1", 1);
    const rows = (await db.select().from(rateLimits)).filter(({ key }) => key.startsWith("d:"));
    assert.deepEqual(
      rows.map(({ points }) => points),
      [5],
    );
    assert.match(rows[0]?.key ?? "", /^d:[\w-]{43}$/);
  });

  it("is whole again after a minute, and its row is deleted", async () => {
    mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.now() });
    try {
      const budget = sharedBudgets(db, "secret").of("e", 5);
      await budget.charge("k", 5);
      mock.timers.tick(60_001);
    } finally {
      mock.timers.reset();
    }
    const rowsOfE = async () => (await db.select().from(rateLimits)).filter(({ key }) => key.startsWith("e:"));
    await until(async () => (await rowsOfE()).length === 0, 30_000, "the row to be deleted");
    assert.equal((await sharedBudgets(db, "secret").of("e", 5).charge("k", 1)).remaining, 4);
  });
});

describe("a shared budget without its database", () => {
  for (const [engine, open] of Object.entries(engines)) {
    it(`is counted by each process: ${engine}`, async function () {
      this.timeout(60_000);
      const { database, drop } = await open(this);
      const budget = sharedBudgets(database.db, "secret").of("f", 3);
      await budget.charge("k", 1);
      await database.close();
      const balances = [await budget.charge("k", 1), await budget.charge("k", 1), await budget.charge("k", 1)];
      assert.deepEqual(
        balances.map(({ isOverdrawn }) => isOverdrawn),
        [false, false, true],
      );
      await drop();
    });
  }
});
