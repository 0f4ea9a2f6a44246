import assert from "node:assert/strict";
import { asc, count } from "drizzle-orm";
import { pino } from "pino";
import { GENESIS_HASH, hashOf, sealContent } from "../../../../app/audit/seal/seal.js";
import { Sealer } from "../../../../app/audit/seal/sealer.js";
import { verify } from "../../../../app/audit/seal/verify.js";
import { addRecords } from "../../../../app/audit/write/insert.js";
import type { Db } from "../../../../app/db/database.js";
import { decisions, seals, unsealedDecisions } from "../../../../app/db/schema.js";
import { countsOf, storedCounts } from "../../../support/audit/hourly-counts.js";
import {
  addSome,
  emptyLog,
  isWaiting,
  recordOf,
  rowsOf,
  run,
  sealAll,
  silent,
} from "../../../support/audit/sample-log.js";
import { engines } from "../../../support/database/engines.js";
import { rowsRead } from "../../../support/database/rows-read.js";
import { withDatabase, withTwoProcesses } from "../../../support/database/suites.js";
import { until } from "../../../support/until.js";

/** The contents of all seals, whose chain must hold. */
async function chainOf(db: Db) {
  const stored = await db.select().from(seals).orderBy(asc(seals.number));
  let previous = GENESIS_HASH;
  return stored.map(({ number, content, hash, sealedAt }, n) => {
    const seal = sealContent.parse(JSON.parse(content));
    assert.equal(number, n + 1, "a gap");
    assert.equal(seal.number, number);
    assert.equal(seal.previous, previous);
    assert.equal(seal.sealedAt, sealedAt.toISOString());
    assert.equal(hash, hashOf(content));
    previous = hash;
    return seal;
  });
}

/** Makes sure that each record of the log is under exactly one seal. */
async function assertAllSealed(db: Db): Promise<void> {
  const sealed = (await chainOf(db)).flatMap(({ records }) => records.map(([seq]) => seq));
  const stored = await db.select({ seq: decisions.seq }).from(decisions).orderBy(asc(decisions.seq));
  assert.deepEqual(
    sealed.toSorted((a, b) => a - b),
    stored.map(({ seq }) => seq),
  );
  assert.deepEqual(await db.select().from(unsealedDecisions), []);
  const { findings, unsealed } = await verify(db);
  assert.deepEqual({ findings, unsealed }, { findings: [], unsealed: 0 });
}

/** Writes so many records whenever there is a seal, so that there are always more. Returns what ends that. */
async function writeOn(db: Db, count: number): Promise<() => Promise<void>> {
  await run(
    db,
    `create or replace function go_on() returns trigger language plpgsql as $$ begin
       with more as (
         insert into decisions (id, time, kind, action, effect, record)
         select 'more ' || new.number || ' ' || n, now(), 'contact', 'read', 'allow', '{}'
         from generate_series(1, ${count}) n returning seq
       ) insert into decisions_unsealed select seq from more;
       return new; end $$`,
  );
  await run(db, "create trigger going_on after insert on seals for each row execute function go_on()");
  return () => run(db, "drop trigger going_on on seals");
}

for (const [engine, open] of Object.entries(engines)) {
  describe(`sealing the decision log on ${engine}`, function () {
    this.timeout(60_000);
    let db: Db;

    withDatabase(open, (opened) => {
      db = opened;
    });
    beforeEach(() => emptyLog(db));

    it("makes no seal of nothing", async () => {
      await sealAll(db);
      assert.deepEqual(await chainOf(db), []);
    });

    it("puts every record under one seal, a thousand under each, in order", async () => {
      const records = await addSome(db, 2_345);
      await sealAll(db);
      const chain = await chainOf(db);
      assert.deepEqual(
        chain.map(({ records }) => records.length),
        [1_000, 1_000, 345],
      );
      assert.deepEqual(
        chain.flatMap(({ records }) => records.map(([, id]) => id)),
        records.map(({ id }) => id),
      );
      await assertAllSealed(db);
      await sealAll(db);
      assert.equal((await chainOf(db)).length, 3, "a seal of nothing");
    });

    it("counts what it seals: by hour, kind, action and effect", async () => {
      const records = await addSome(db, 1_500);
      await sealAll(db);
      // To the counts of the same hours.
      records.push(...(await addSome(db, 700)));
      records.push(...(await addSome(db, 3, { resource: { kind: "decision", id: "*" }, action: "tail" })));
      await sealAll(db);
      assert.deepEqual(await storedCounts(db), countsOf(records));
    });

    it("is not stopped by a record that is none: it is sealed, and found", async () => {
      await addSome(db, 3);
      await addRecords(
        db,
        rowsOf([recordOf(0)]).map((row) => ({ ...row, record: "nothing" })),
      );
      await addSome(db, 3);
      await sealAll(db);
      assert.equal((await chainOf(db))[0]?.records.length, 7);
      const { findings, found } = await verify(db);
      assert.equal(found, 1);
      assert.match(findings[0]?.detail ?? "", /its columns do not say what it says/);
    });

    it("seals what there is behind places whose records are gone, tells of those, and leaves them", async () => {
      await addSome(db, 1_200);
      await run(db, "delete from decisions");
      const kept = await addSome(db, 1_300);
      const errors: { places: number }[] = [];
      const log = pino({ level: "error" }, { write: (line: string) => errors.push(JSON.parse(line)) });
      await new Sealer(db, log, undefined).sealAll();
      const chain = await chainOf(db);
      assert.deepEqual(
        chain.map(({ records }) => records.length),
        [1_000, 300],
      );
      assert.deepEqual(
        chain.flatMap(({ records }) => records.map(([, id]) => id)),
        kept.map(({ id }) => id),
      );
      await new Sealer(db, log, undefined).sealAll();
      assert.deepEqual(
        errors.map(({ places }) => places),
        [1_200, 1_200],
      );
      assert.equal((await chainOf(db)).length, 2);
      const { found, findings } = await verify(db);
      assert.equal(found, 1_200);
      assert.match(findings[0]?.detail ?? "", /was removed before it was sealed/);
    });

    it("goes on after a seal that somebody has changed", async () => {
      await addSome(db, 3);
      await sealAll(db);
      const [seal] = await chainOf(db);
      await db.update(seals).set({ content: JSON.stringify({ ...seal, records: [["nothing"]] }) });
      await addSome(db, 3);
      await sealAll(db);
      assert.deepEqual(await db.select().from(unsealedDecisions), []);
      assert.equal((await verify(db)).findings[0]?.what, "seal changed");
    });

    it("reads no more of the log than it seals, though PostgreSQL has not noticed that the log has grown", async () => {
      await run(db, "analyze");
      await run(
        db,
        `insert into decisions (id, time, kind, action, effect, record)
         select n, now(), 'contact', 'read', 'allow', '{}' from generate_series(1, 20000) n`,
      );
      await addSome(db, 20);
      await run(db, "delete from decisions where seq = (select max(seq) from decisions)");
      const read = await rowsRead(db, "decisions", (tx) => sealAll(tx));
      assert.equal(await db.$count(unsealedDecisions), 1);
      assert(read < 200, `${read} rows were read`);
    });

    it("comes to an end while others go on writing", async () => {
      await addSome(db, 1);
      const end = await writeOn(db, 1);
      let isOver = false;
      const sealing = sealAll(db).then(() => {
        isOver = true;
      });
      await until(() => isOver, 2_000, "it seals for ever").finally(end);
      await sealing;
      assert.equal((await chainOf(db)).length, 1);
    });

    it("goes on in the background until it is stopped, and seals the rest then", async () => {
      const sealer = new Sealer(db, silent, undefined);
      sealer.start();
      await addSome(db, 5);
      await until(async () => (await chainOf(db)).length === 1, 30_000, "no seal");
      await addSome(db, 5);
      await sealer.stop();
      await assertAllSealed(db);
    });
  });
}

describe("sealing the decision log: many at once", function () {
  this.timeout(60_000);
  /** As of several processes. */
  let one: Db;
  let two: Db;

  withTwoProcesses((...opened) => {
    [one, two] = opened;
  });
  beforeEach(() => emptyLog(one));

  /** Does something again and again until it is told to stop. */
  function again(act: () => Promise<unknown>): () => Promise<void> {
    let isOver = false;
    const done = (async () => {
      while (!isOver) await act();
    })();
    return () => {
      isOver = true;
      return done;
    };
  }

  it("seals each record once, with many writers and several sealers, and verifies meanwhile", async () => {
    const written: Awaited<ReturnType<typeof addSome>> = [];
    const stops = [one, two, one, two].map((db, n) =>
      again(async () => written.push(...(await addSome(db, 1 + ((written.length + n) % 40))))),
    );
    for (const db of [one, two, two]) stops.push(again(() => sealAll(db)));
    for (let run = 0; run < 12 || written.length < 3_000; run++) {
      const { findings } = await verify(two);
      assert.deepEqual(findings, []);
    }
    await Promise.all(stops.map((stop) => stop()));
    await sealAll(one);
    await assertAllSealed(one);
    const [row] = await one.select({ total: count() }).from(decisions);
    assert.equal(row?.total, written.length);
    assert.deepEqual(await storedCounts(one), countsOf(written));
  });

  it("is stopped in a few seconds, however much there is left to seal", async () => {
    const end = await writeOn(one, 1_000);
    await addSome(one, 1_000);
    const sealer = new Sealer(one, silent, undefined);
    let isOver = false;
    const stopping = sealer.stop().then(() => {
      isOver = true;
    });
    await until(() => isOver, 8_000, "it seals for ever").finally(end);
    await stopping;
    assert((await chainOf(one)).length > 1, "it did not go on for a while");
    await sealAll(two);
    assert.deepEqual(await one.select().from(unsealedDecisions), []);
  });

  it("does not keep anybody from writing, at any point", async () => {
    for (const table of ["seals", "seal_head", "decision_counts"]) {
      await addSome(one, 10);
      let sealing: Promise<void> | undefined;
      await one.transaction(async (tx) => {
        await run(tx, `lock table ${table} in exclusive mode`);
        sealing = sealAll(two);
        await until(() => isWaiting(one), 4_000, `no sealer waits for ${table}`);
        const added = addSome(one, 10);
        const first = await Promise.race([added.then(() => "written"), sealing.then(() => "sealed")]);
        assert.equal(first, "written");
      });
      await sealing;
    }
    await sealAll(one);
    await assertAllSealed(one);
  });

  it("seals a record later whose transaction took its place early and ends late", async () => {
    const late = recordOf(0);
    await one.transaction(async (tx) => {
      await addRecords(tx, rowsOf([late]));
      await addSome(one, 1_100);
      await sealAll(two);
      await addSome(one, 5);
      assert.equal((await verify(two)).found, 0);
    });
    await sealAll(two);
    const chain = await chainOf(one);
    assert.deepEqual(
      chain.map(({ records }) => records.length),
      [1_000, 100, 6],
    );
    assert.equal(chain[2]?.records[0]?.[1], late.id);
    assert((chain[2]?.records[0]?.[0] ?? 0) < (chain[0]?.records[0]?.[0] ?? 0), "it did not take its place early");
    await assertAllSealed(one);
  });

  it("leaves no trace of a record whose transaction is undone", async () => {
    await one
      .transaction(async (tx) => {
        await addSome(tx, 3);
        await addSome(one, 3);
        await sealAll(two);
        tx.rollback();
      })
      .catch(() => {});
    await addSome(one, 3);
    await sealAll(two);
    assert.equal((await chainOf(one)).flatMap(({ records }) => records).length, 6);
    await assertAllSealed(one);
  });
});
