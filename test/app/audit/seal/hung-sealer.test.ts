import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { pino } from "pino";
import { Sealer } from "../../../../app/audit/seal/sealer.js";
import { UnsealedAge } from "../../../../app/audit/seal/unsealed-age.js";
import type { Db } from "../../../../app/db/database.js";
import { seals } from "../../../../app/db/schema.js";
import { addSampleRecords, emptyLog } from "../../../support/audit/sample-log.js";
import { describeOnEachEngine, useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { collectMetrics } from "../../../support/telemetry/metrics.js";
import { silentLogger } from "../../../support/telemetry/silent-logger.js";
import { until } from "../../../support/until.js";

/**
 * A database as a process has it that is stopped (SIGSTOP) while it seals: it holds the lock and sends nothing more.
 *
 * @param onStopped - is given what ends the process
 */
function stoppedWhileSealing(db: Db, onStopped: (end: () => void) => void): Db {
  const stopped = (tx: Db) =>
    new Proxy(tx, {
      get(target, name) {
        if (name !== "select") return Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name);
        const stop = (_resolve: unknown, reject: (error: Error) => void) => onStopped(() => reject(new Error("ended")));
        return () => new Proxy({}, { get: (_query, verb, query) => (verb === "then" ? stop : () => query) });
      },
    });
  return new Proxy(db, {
    get: (target, name) =>
      name === "transaction"
        ? (work: (tx: Db) => Promise<unknown>) => target.transaction((tx) => work(stopped(tx as unknown as Db)))
        : Reflect.get(target, name),
  });
}

describe("a process that hangs while it seals", function () {
  this.timeout(180_000);
  const database = useTemporaryDatabase();
  /** The connections of two processes. */
  const [one, two] = [useOpened(database), useOpened(database)];

  it("keeps the others from sealing for 15 s at most", async () => {
    await emptyLog(two);
    await addSampleRecords(two, 10);
    let end: (() => void) | undefined;
    const stopped = stoppedWhileSealing(one, (givenEnd) => {
      end = givenEnd;
    });
    const hung = new Sealer(stopped, silentLogger, undefined).sealAll().catch(() => {});
    await until(() => end, 30_000, "the first process seals");
    await new Sealer(two, silentLogger, undefined).sealAll();
    assert.equal((await two.select().from(seals)).length, 0, "the lock is held");
    await until(
      async () => {
        await new Sealer(two, silentLogger, undefined).sealAll();
        return (await two.select().from(seals)).length === 1;
      },
      60_000,
      "the other process seals",
    );
    end?.();
    await hung;
  });
});

describeOnEachEngine("the age of what waits for its seal,", (db) => {
  const metrics = collectMetrics();
  const warnings: { readonly msg: string; readonly seconds: number }[] = [];
  const logger = pino({ level: "warn" }, { write: (line: string) => warnings.push(JSON.parse(line)) });
  const shown = async () => (await metrics())["decision_log.oldest_unsealed"]?.[0]?.value as number;

  beforeEach(() => emptyLog(db));

  it("is a metric, and a warning once it is over a minute", async () => {
    const age = new UnsealedAge(db, logger);
    assert.equal(await shown(), undefined, "nothing is known yet");
    await age.check();
    assert.equal(await shown(), 0);
    await addSampleRecords(db, 3, { time: new Date().toISOString() });
    await db.execute(
      sql`update decisions set time = now() - interval '50 s' where seq = (select min(seq) from decisions)`,
    );
    await age.check();
    assert(Math.abs((await shown()) - 50) < 5, String(await shown()));
    assert.equal(warnings.length, 0);
    await db.execute(
      sql`update decisions set time = now() - interval '90 s' where seq = (select min(seq) from decisions)`,
    );
    await age.check();
    await age.check();
    assert.deepEqual(
      warnings.map(({ msg }) => msg),
      ["decisions wait too long for their seal"],
    );
    assert(Math.abs((warnings[0]?.seconds ?? 0) - 90) < 5);
    await new Sealer(db, silentLogger, undefined).sealAll();
    await age.check();
    assert.equal(await shown(), 0);
  });

  it("is watched while nothing can be sealed", async function () {
    this.timeout(120_000);
    await addSampleRecords(db, 1);
    await db.execute(sql`update decisions set time = now() - interval '90 s'`);
    warnings.length = 0;
    const failing = new Proxy(db, {
      get: (target, name) =>
        name === "transaction" ? () => Promise.reject(new Error("disk full")) : Reflect.get(target, name),
    });
    const sealer = new Sealer(failing, logger, undefined);
    sealer.start();
    await until(() => warnings.length === 2, 30_000, "both warnings");
    await sealer.stop().catch(() => {});
    assert.deepEqual(
      warnings.map(({ msg }) => msg),
      ["the decision log cannot be sealed now", "decisions wait too long for their seal"],
    );
    assert(Math.abs((await shown()) - 90) < 10);
  });

  it("grows, and is warned of, while the log cannot be read", async () => {
    let isReadable = true;
    const unreliable = new Proxy(db, {
      get: (target, name) =>
        name === "execute" && !isReadable ? () => Promise.reject(new Error("down")) : Reflect.get(target, name),
    });
    const age = new UnsealedAge(unreliable, logger);
    await addSampleRecords(db, 1, { time: new Date().toISOString() });
    await db.execute(sql`update decisions set time = now() - interval '90 s'`);
    warnings.length = 0;
    await age.check();
    const before = await shown();
    isReadable = false;
    await age.check();
    await until(async () => (await shown()) > before, 30_000, "an age that grows");
    assert.deepEqual(
      warnings.map(({ msg }) => msg),
      ["decisions wait too long for their seal", "the age of unsealed decisions cannot be read now"],
    );
  });

  it("is that of the oldest record that is there", async () => {
    await addSampleRecords(db, 2, { time: new Date().toISOString() });
    await db.execute(
      sql`update decisions set time = now() - interval '90 s' where seq = (select min(seq) from decisions)`,
    );
    await db.execute(sql`delete from decisions where seq = (select min(seq) from decisions)`);
    await new UnsealedAge(db, logger).check();
    assert((await shown()) < 60);
  });
});
