import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { verify } from "../../../../app/audit/seal/verify.js";
import { decisionCounts } from "../../../../app/db/schema.js";
import { forgeCounts, forgeSeal, reseal, sealHashes } from "../../../support/audit/forgery.js";
import { addSampleRecords, emptyLog, makeSampleLog, type Place, sealLog } from "../../../support/audit/sample-log.js";
import { tamperings } from "../../../support/audit/tamperings.js";
import { rolledBack, run } from "../../../support/database/statements.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";

describeOnEachEngine("verifying the decision log", (db) => {
  let places: readonly Place[];
  const at = (n: number) => places[n] as Place;

  before(async () => {
    places = await makeSampleLog(db);
  });

  it("finds nothing where nothing was changed, and counts what there is", async () => {
    const shares: number[] = [];
    const { head, ...rest } = await verify(db, { onProgress: (share) => shares.push(share) });
    assert.deepEqual(rest, { findings: [], found: 0, seals: 5, sealed: 2_200, unsealed: 60, isAnchorExpired: false });
    assert.equal(head?.number, 5);
    assert.deepEqual(
      shares,
      shares.toSorted((one, other) => one - other),
    );
    assert.equal(shares.at(-1), 1);
  });

  for (const { name, act, what, detail, found = 1 } of tamperings) {
    it(`finds ${name}`, async () => {
      const result = await rolledBack(db, async (tx) => {
        await act(tx, at);
        return verify(tx);
      });
      assert.deepEqual(result.findings[0], { what, detail: detail(at) });
      assert.equal(result.found, found, JSON.stringify(result.findings, null, 2));
      assert.equal(result.findings.length, Math.min(found, 20));
    });
  }

  it("finds a single character changed, wherever it is", async () => {
    const random = randomNumbers(4_711);
    for (let trial = 0; trial < 15; trial++) {
      const { seq, name } = at(Math.floor(random() * 2_200));
      const position = `1 + floor(${random()} * length(record))::int`;
      const { findings, found } = await rolledBack(db, async (tx) => {
        await run(
          tx,
          `update decisions set record = overlay(record placing '~' from ${position} for 1) where seq = ${seq}`,
        );
        return verify(tx);
      });
      assert.equal(found, 1);
      assert.equal(findings[0]?.what, "changed");
      assert(findings[0]?.detail.startsWith(`${name} was changed`), findings[0]?.detail);
    }
  });

  it("cannot find that everything was computed anew, but for a seal that was noted elsewhere", async () => {
    const { head } = await verify(db);
    assert(head);
    await rolledBack(db, async (tx) => {
      const [, second] = await sealHashes(tx);
      await forgeSeal(tx, 3, (seal) => seal, { at: at(1_200) });
      await reseal(tx, 4);
      const forged = await verify(tx);
      assert.equal(forged.found, 0);
      assert.notEqual(forged.head?.hash, head.hash);
      const { findings, found } = await verify(tx, { anchor: head });
      assert.deepEqual(findings, [{ what: "seal changed", detail: "Seal 5 is not the one that was noted." }]);
      assert.equal(found, 1);
      // A seal from before the forgery is still in the chain.
      assert.equal((await verify(tx, { anchor: { number: 2, hash: second ?? "" } })).found, 0);
    });
  });

  it("finds with a noted seal that the end of the log is gone without a trace", async () => {
    const { head } = await verify(db);
    assert(head);
    const result = await rolledBack(db, async (tx) => {
      await run(tx, `delete from decisions where seq >= ${at(1_950).seq}`);
      await run(tx, "delete from decisions_unsealed");
      await run(tx, "delete from seals where number = 5");
      await run(tx, "update seal_head set (number, hash) = (select number, hash from seals where number = 4)");
      await forgeCounts(tx);
      assert.equal((await verify(tx)).found, 0);
      return verify(tx, { anchor: head });
    });
    const detail = "Seal 5, which was noted, is not there.";
    assert.deepEqual(result.findings, [{ what: "seal removed", detail }]);
  });

  it("finds with a noted seal that the log is another, or none", async () => {
    const { head } = await verify(db);
    assert(head);
    await rolledBack(db, async (tx) => {
      await emptyLog(tx);
      const empty = {
        findings: [],
        found: 0,
        seals: 0,
        sealed: 0,
        unsealed: 0,
        head: undefined,
        isAnchorExpired: false,
      };
      assert.deepEqual(await verify(tx), empty);
      assert.equal((await verify(tx, { anchor: head })).findings[0]?.what, "seal removed");
    });
  });

  it("finds hourly counts that were changed, removed or added", async () => {
    const [counted] = await db.select().from(decisionCounts).where(eq(decisionCounts.effect, "deny")).limit(1);
    assert(counted);
    const { hour, kind, action, count } = counted;
    const time = hour.toISOString();
    const where = `where effect = 'deny' and hour = '${time}' and kind = '${kind}' and action = '${action}'`;
    const text = (what: string, stored: number, inLog: number) =>
      `The count of deny for ${what} on ${kind} in the hour of ${time} is ${stored}, and the log has ${inLog}.`;
    for (const [statement, detail] of [
      [`update decision_counts set count = count + 1 ${where}`, text(action, count + 1, count)],
      [`delete from decision_counts ${where}`, text(action, 0, count)],
      [`insert into decision_counts values ('${time}', '${kind}', 'purge', 'deny', 7)`, text("purge", 7, 0)],
    ] as const) {
      const { findings } = await rolledBack(db, async (tx) => {
        await run(tx, statement);
        return verify(tx);
      });
      assert.deepEqual(findings, [{ what: "count changed", detail }]);
    }
  });

  it("cannot find a record that was removed before it was sealed, and its place among the unsealed too", async () => {
    const { seq } = at(2_230);
    await rolledBack(db, async (tx) => {
      await run(tx, `delete from decisions where seq = ${seq}`);
      const detail = `The record at place ${seq} was removed before it was sealed.`;
      assert.deepEqual((await verify(tx)).findings, [{ what: "removed", detail }]);
      await sealLog(tx);
      assert.deepEqual((await verify(tx)).findings, [{ what: "removed", detail }]);
      await run(tx, `delete from decisions_unsealed where seq = ${seq}`);
      assert.deepEqual((await verify(tx)).findings, []);
    });
  });

  it("finds nothing in what retention has deleted, and says when a noted seal is among it", async () => {
    await rolledBack(db, async (tx) => {
      const [first, , third] = await sealHashes(tx);
      await run(tx, "update seals set sealed_at = sealed_at - interval '72 hours'");
      for (const number of [1, 2, 3, 4, 5]) {
        await forgeSeal(tx, number, (seal) => ({ ...seal, sealedAt: threeDaysBefore(seal.sealedAt) }));
      }
      await reseal(tx, 2);
      await addSampleRecords(tx, 40);
      await sealLog(tx, 1);
      const { head, ...rest } = await verify(tx, { retentionDays: 1 });
      assert.deepEqual(rest, { findings: [], found: 0, seals: 1, sealed: 100, unsealed: 0, isAnchorExpired: false });
      assert.equal(head?.number, 6);
      for (const anchor of [
        { number: 1, hash: first ?? "" },
        { number: 3, hash: third ?? "" },
      ]) {
        const { found, isAnchorExpired } = await verify(tx, { anchor, retentionDays: 1 });
        assert.deepEqual({ found, isAnchorExpired }, { found: 0, isAnchorExpired: true });
      }
      assert.equal((await verify(tx, { anchor: head, retentionDays: 1 })).isAnchorExpired, false);
    });
  });
});

/** Pseudo-random numbers from 0 to 1, always the same for a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function threeDaysBefore(iso: string): string {
  return new Date(Date.parse(iso) - 3 * 24 * 60 * 60 * 1000).toISOString();
}
