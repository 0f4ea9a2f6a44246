import assert from "node:assert/strict";
import { asc, count } from "drizzle-orm";
import { pino } from "pino";
import { parseHead } from "../../../../app/audit/seal/noted-head.js";
import { GENESIS_HASH, hashOf, sealContent } from "../../../../app/audit/seal/seal.js";
import { Sealer } from "../../../../app/audit/seal/sealer.js";
import { verify } from "../../../../app/audit/seal/verify.js";
import { addRecords } from "../../../../app/audit/write/insert.js";
import type { Db } from "../../../../app/db/database.js";
import { decisions, seals, unsealedDecisions } from "../../../../app/db/schema.js";
import { expectedCounts, storedCounts } from "../../../support/audit/hourly-counts.js";
import { addSampleRecords, emptyLog, sealLog } from "../../../support/audit/sample-log.js";
import { rowsOf, sampleRecord } from "../../../support/audit/sample-records.js";
import { rowsRead } from "../../../support/database/rows-read.js";
import { isWaitingForLock, run } from "../../../support/database/statements.js";
import { describeOnEachEngine, useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { silentLogger } from "../../../support/telemetry/silent-logger.js";
import { until } from "../../../support/until.js";

/** The contents of all seals. Makes sure that each follows from the one before it. */
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

/** Adds records whenever a seal is made, so that there are always some to seal. Returns what ends that. */
async function addWithEverySeal(db: Db, count: number): Promise<() => Promise<void>> {
  await run(
    db,
    `create or replace function add_records() returns trigger language plpgsql as $$ begin
       with more as (
         insert into decisions (id, time, kind, action, effect, record)
         select 'more ' || new.number || ' ' || n, now(), 'contact', 'read', 'allow', '{}'
         from generate_series(1, ${count}) n returning seq
       ) insert into decisions_unsealed select seq from more;
       return new; end $$`,
  );
  await run(db, "create trigger adding_records after insert on seals for each row execute function add_records()");
  return () => run(db, "drop trigger adding_records on seals");
}

describeOnEachEngine("sealing the decision log", (db) => {
  beforeEach(() => emptyLog(db));

  it("makes no seal of nothing", async () => {
    await sealLog(db);
    assert.deepEqual(await chainOf(db), []);
  });

  it("puts every record under one seal, a thousand under each, in order", async () => {
    const records = await addSampleRecords(db, 2_345);
    await sealLog(db);
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
    await sealLog(db);
    assert.equal((await chainOf(db)).length, 3, "a seal of nothing");
  });

  it("counts what it seals: by hour, kind, action and effect", async () => {
    const records = await addSampleRecords(db, 1_500);
    await sealLog(db);
    // They are added to the counts of the same hours.
    records.push(...(await addSampleRecords(db, 700)));
    records.push(...(await addSampleRecords(db, 3, { resource: { kind: "decision", id: "*" }, action: "tail" })));
    await sealLog(db);
    assert.deepEqual(await storedCounts(db), expectedCounts(records));
  });

  it("is not stopped by a record that is none: it is sealed, and found", async () => {
    await addSampleRecords(db, 3);
    await addRecords(
      db,
      rowsOf([sampleRecord(0)]).map((row) => ({ ...row, record: "nothing" })),
    );
    await addSampleRecords(db, 3);
    await sealLog(db);
    assert.equal((await chainOf(db))[0]?.records.length, 7);
    const { findings, found } = await verify(db);
    assert.equal(found, 1);
    assert.match(findings[0]?.detail ?? "", /its columns do not say what it says/);
  });

  it("logs the head, with which a verification can be run", async () => {
    const lines: { readonly msg: string; readonly head: string }[] = [];
    const logger = pino({ level: "info" }, { write: (line: string) => lines.push(JSON.parse(line)) });
    await addSampleRecords(db, 3);
    await new Sealer(db, logger, undefined).sealAll();
    const { head } = await verify(db);
    assert(head);
    assert.deepEqual(
      lines.map((line) => [line.msg, parseHead(line.head)]),
      [["decision log sealed", head]],
    );
  });

  it("seals what there is behind places whose records are gone, tells of those, and leaves them", async () => {
    await addSampleRecords(db, 1_200);
    await run(db, "delete from decisions");
    const kept = await addSampleRecords(db, 1_300);
    const errors: { places: number }[] = [];
    const logger = pino({ level: "error" }, { write: (line: string) => errors.push(JSON.parse(line)) });
    await new Sealer(db, logger, undefined).sealAll();
    const chain = await chainOf(db);
    assert.deepEqual(
      chain.map(({ records }) => records.length),
      [1_000, 300],
    );
    assert.deepEqual(
      chain.flatMap(({ records }) => records.map(([, id]) => id)),
      kept.map(({ id }) => id),
    );
    await new Sealer(db, logger, undefined).sealAll();
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
    await addSampleRecords(db, 3);
    await sealLog(db);
    const [seal] = await chainOf(db);
    await db.update(seals).set({ content: JSON.stringify({ ...seal, records: [["nothing"]] }) });
    await addSampleRecords(db, 3);
    await sealLog(db);
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
    await addSampleRecords(db, 20);
    await run(db, "delete from decisions where seq = (select max(seq) from decisions)");
    const read = await rowsRead(db, "decisions", (tx) => sealLog(tx));
    assert.equal(await db.$count(unsealedDecisions), 1);
    assert(read < 200, `${read} rows were read`);
  });

  it("comes to an end while others go on writing", async () => {
    await addSampleRecords(db, 1);
    const end = await addWithEverySeal(db, 1);
    let isOver = false;
    const sealing = sealLog(db).then(() => {
      isOver = true;
    });
    await until(() => isOver, 30_000, "it seals for ever").finally(end);
    await sealing;
    assert.equal((await chainOf(db)).length, 1);
  });

  it("goes on in the background until it is stopped, and seals the rest then", async () => {
    const sealer = new Sealer(db, silentLogger, undefined);
    sealer.start();
    await addSampleRecords(db, 5);
    await until(async () => (await chainOf(db)).length === 1, 30_000, "no seal");
    await addSampleRecords(db, 5);
    await sealer.stop();
    await assertAllSealed(db);
  });
});

describe("sealing the decision log: many at once", function () {
  this.timeout(300_000);
  const database = useTemporaryDatabase();
  /** The connections of two processes. */
  const [one, two] = [useOpened(database), useOpened(database)];

  beforeEach(() => emptyLog(one));

  /** Repeats something until the returned function is called. */
  function repeat(act: () => Promise<unknown>): () => Promise<void> {
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
    const written: Awaited<ReturnType<typeof addSampleRecords>> = [];
    const stops = [one, two, one, two].map((db, n) =>
      repeat(async () => written.push(...(await addSampleRecords(db, 1 + ((written.length + n) % 40))))),
    );
    for (const db of [one, two, two]) stops.push(repeat(() => sealLog(db)));
    for (let run = 0; run < 12 || written.length < 3_000; run++) {
      const { findings } = await verify(two);
      assert.deepEqual(findings, []);
    }
    await Promise.all(stops.map((stop) => stop()));
    await sealLog(one);
    await assertAllSealed(one);
    const [row] = await one.select({ total: count() }).from(decisions);
    assert.equal(row?.total, written.length);
    assert.deepEqual(await storedCounts(one), expectedCounts(written));
  });

  it("is stopped in a few seconds, however much there is left to seal", async () => {
    const end = await addWithEverySeal(one, 1_000);
    await addSampleRecords(one, 1_000);
    const sealer = new Sealer(one, silentLogger, undefined);
    let isOver = false;
    const stopping = sealer.stop().then(() => {
      isOver = true;
    });
    await until(() => isOver, 30_000, "it seals for ever").finally(end);
    await stopping;
    assert((await chainOf(one)).length > 1, "it did not go on for a while");
    await sealLog(two);
    assert.deepEqual(await one.select().from(unsealedDecisions), []);
  });

  it("does not keep anybody from writing, at any point", async () => {
    for (const table of ["seals", "seal_head", "decision_counts"]) {
      await addSampleRecords(one, 10);
      let sealing: Promise<void> | undefined;
      await one.transaction(async (tx) => {
        await run(tx, `lock table ${table} in exclusive mode`);
        sealing = sealLog(two);
        await until(() => isWaitingForLock(one), 30_000, `no sealer waits for ${table}`);
        const added = addSampleRecords(one, 10);
        const first = await Promise.race([added.then(() => "written"), sealing.then(() => "sealed")]);
        assert.equal(first, "written");
      });
      await sealing;
    }
    await sealLog(one);
    await assertAllSealed(one);
  });

  it("seals a record later whose transaction took its place early and ends late", async () => {
    const late = sampleRecord(0);
    await one.transaction(async (tx) => {
      await addRecords(tx, rowsOf([late]));
      await addSampleRecords(one, 1_100);
      await sealLog(two);
      await addSampleRecords(one, 5);
      assert.equal((await verify(two)).found, 0);
    });
    await sealLog(two);
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
        await addSampleRecords(tx, 3);
        await addSampleRecords(one, 3);
        await sealLog(two);
        tx.rollback();
      })
      .catch(() => {});
    await addSampleRecords(one, 3);
    await sealLog(two);
    assert.equal((await chainOf(one)).flatMap(({ records }) => records).length, 6);
    await assertAllSealed(one);
  });
});
