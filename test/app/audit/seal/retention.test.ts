import assert from "node:assert/strict";
import { mock } from "node:test";
import { asc, eq } from "drizzle-orm";
import type { DecisionRecord } from "../../../../app/audit/record/record.js";
import { sealContent } from "../../../../app/audit/seal/seal.js";
import { verify } from "../../../../app/audit/seal/verify.js";
import { decisions, pastContactNames, seals } from "../../../../app/db/schema.js";
import { expectedCounts, storedCounts } from "../../../support/audit/hourly-counts.js";
import { addSampleRecords, emptyLog, sealLog } from "../../../support/audit/sample-log.js";
import { FIRST_TIME_MS } from "../../../support/audit/sample-records.js";
import { rowsRead } from "../../../support/database/rows-read.js";
import { run } from "../../../support/database/statements.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";

const DAY_MS = 24 * 60 * 60 * 1000;

describeOnEachEngine("retention of the decision log", (db) => {
  before(() => mock.timers.enable({ apis: ["Date"], now: FIRST_TIME_MS }));
  beforeEach(() => emptyLog(db));
  after(() => mock.timers.reset());

  /**
   * Sets the clock to so many days after the first time, adds records, and seals the log.
   *
   * @param options.keep - the retention, in days
   */
  async function onDay(day: number, { add = 0, keep }: { add?: number; keep?: number } = {}) {
    mock.timers.setTime(FIRST_TIME_MS + day * DAY_MS);
    const records = await addSampleRecords(db, add, { time: new Date().toISOString() });
    await sealLog(db, keep);
    assert.deepEqual((await verify(db, { retentionDays: keep })).findings, []);
    return records;
  }

  async function sealsNow() {
    const stored = await db.select().from(seals).orderBy(asc(seals.number));
    return stored.map(({ content }) => sealContent.parse(JSON.parse(content)));
  }

  async function assertLeft(numbers: readonly number[], records: readonly DecisionRecord[]): Promise<void> {
    assert.deepEqual(
      (await sealsNow()).map(({ number }) => number),
      numbers,
    );
    const left = await db.select({ id: decisions.id }).from(decisions).orderBy(asc(decisions.seq));
    assert.deepEqual(
      left.map(({ id }) => id),
      records.map(({ id }) => id),
    );
    assert.deepEqual(await storedCounts(db), expectedCounts(records));
  }

  it("deletes what is too old, with its counts, and keeps the last such seal, as the next one says", async () => {
    await onDay(0, { add: 30 });
    await onDay(1, { add: 30 });
    const kept = [...(await onDay(2, { add: 30 })), ...(await onDay(3, { add: 30 }))];
    await onDay(3.5, { keep: 2 });
    await assertLeft([2, 3, 4, 5], kept);
    assert.deepEqual(
      (await sealsNow()).map(({ expired, records }) => [expired, records.length]),
      [
        [0, 30],
        [0, 30],
        [0, 30],
        [2, 0],
      ],
    );
  });

  it("says with later seals, too, what has expired", async () => {
    await onDay(0, { add: 10 });
    const kept = await onDay(9, { add: 10, keep: 5 });
    kept.push(...(await onDay(10, { add: 10, keep: 5 })));
    await assertLeft([1, 2, 3], kept);
    assert.equal((await sealsNow()).at(-1)?.expired, 1);
  });

  it("does nothing where nothing is too old", async () => {
    const kept = [...(await onDay(0, { add: 10 })), ...(await onDay(1, { add: 10 }))];
    await onDay(2.9, { keep: 3 });
    await assertLeft([1, 2], kept);
    await onDay(2_000);
    await assertLeft([1, 2], kept);
    await onDay(2_000, { keep: 1_999.5 });
    await assertLeft([1, 2, 3], kept.slice(10));
  });

  it("leaves an empty seal when everything is too old, and the chain goes on from there", async () => {
    for (const day of [0, 1, 2]) await onDay(day, { add: 10 });
    await onDay(100, { keep: 30 });
    await assertLeft([3, 4], []);
    await onDay(100, { keep: 30 });
    await assertLeft([3, 4], []);
    const kept = await onDay(101, { add: 10, keep: 30 });
    await assertLeft([3, 4, 5], kept);
    assert.equal((await sealsNow()).at(-1)?.expired, 3);
  });

  it("deletes any number of seals at once", async () => {
    for (let n = 0; n < 45; n++) await onDay(n / 100, { add: 1 });
    const kept = await onDay(50, { add: 10, keep: 7 });
    const numbers = (await sealsNow()).map(({ number }) => number);
    assert.equal(numbers[0], 45);
    await assertLeft(numbers, kept);
  });

  it("is not misled by a clock that is behind", async () => {
    const kept = await onDay(10, { add: 10 });
    kept.push(...(await onDay(3, { add: 10 })));
    const [first, second] = await sealsNow();
    assert.equal(second?.sealedAt, first?.sealedAt);
    await onDay(12, { keep: 5 });
    assert.equal((await sealsNow()).length, 2);
    assert.equal((await db.select().from(decisions)).length, kept.length);
  });

  it("deletes nothing that was made to look old", async () => {
    const records = [...(await onDay(0, { add: 3 })), ...(await onDay(1, { add: 2 }))];
    await db
      .update(seals)
      .set({ sealedAt: new Date(FIRST_TIME_MS - 100 * DAY_MS) })
      .where(eq(seals.number, 1));
    await sealLog(db, 30);
    await assertLeft([1, 2], records);
    assert.equal((await verify(db)).findings[0]?.what, "seal changed");
  });

  it("looks at no more seals than expire at once, however many there are", async () => {
    await onDay(0, { add: 1 });
    await run(
      db,
      "insert into seals select n, sealed_at, content, hash from seals cross join generate_series(2, 3000) n",
    );
    await run(db, "analyze seals");
    const read = await rowsRead(db, "seals", (tx) => sealLog(tx, 30));
    assert(read < 100, `${read} rows were read`);
  });

  it("erases the names that contacts gave up with the last record of their time, and no other", async () => {
    const [gone, recorded, later] = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`) as [
      string,
      string,
      string,
    ];
    const name = { firstName: "Bruno", lastName: "Castellani" };
    const at = (day: number) => new Date(FIRST_TIME_MS + day * DAY_MS);
    await db.insert(pastContactNames).values([
      { contactId: gone, ...name, until: at(0.5) },
      { contactId: recorded, ...name, until: at(0.5) },
      { contactId: later, ...name, until: at(8) },
    ]);
    const about = (id: string, day: number) =>
      addSampleRecords(db, 1, { time: at(day).toISOString(), resource: { kind: "contact", id } });
    for (const id of [gone, recorded]) await about(id, 0);
    await onDay(1, { add: 1 });
    // One that was written late.
    await about(recorded, 0.4);
    await onDay(7, { add: 1 });
    const named = async () =>
      (await db.select().from(pastContactNames).orderBy(pastContactNames.contactId)).map(({ contactId }) => contactId);
    await onDay(7, { keep: 5 });
    assert.deepEqual(await named(), [recorded, later]);
    await onDay(13, { keep: 5 });
    assert.deepEqual(await named(), [later]);
  });

  it("never deletes what is not sealed", async () => {
    mock.timers.setTime(FIRST_TIME_MS);
    const kept = await addSampleRecords(db, 10, { time: new Date().toISOString() });
    await onDay(500, { keep: 1 });
    await assertLeft([1], kept);
  });
});
