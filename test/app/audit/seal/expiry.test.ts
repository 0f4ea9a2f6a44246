import assert from "node:assert/strict";
import { mock } from "node:test";
import type { NotedSeal } from "../../../../app/audit/seal/noted-head.js";
import { verify } from "../../../../app/audit/seal/verify.js";
import type { Db } from "../../../../app/db/database.js";
import { forgeExpiry, forgeSeal, reseal } from "../../../support/audit/forgery.js";
import { addSampleRecords, sealLog } from "../../../support/audit/sample-log.js";
import { FIRST_TIME_MS } from "../../../support/audit/sample-records.js";
import { rolledBack, run } from "../../../support/database/statements.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";

const DAY_MS = 24 * 60 * 60 * 1000;
const RETENTION_DAYS = 30;
const dayOf = (day: number) => new Date(FIRST_TIME_MS + day * DAY_MS);
const time = (day: number) => dayOf(day).toISOString();

describeOnEachEngine("verifying what has expired in the decision log", (db) => {
  /** What the app has logged of each seal: its number, hash and time. */
  const noted: NotedSeal[] = [];
  const headOf = (number: number) => noted[number - 1] ?? assert.fail(`no seal ${number}`);
  /** The head as version 0.1 printed it. */
  const untimed = (number: number) => ({ number, hash: headOf(number).hash });

  // Five seals, of which the first two expire on day 40 when the fifth is made.
  before(async () => {
    mock.timers.enable({ apis: ["Date"], now: dayOf(0) });
    for (const day of [0, 9, 38, 39, 40]) {
      mock.timers.setTime(dayOf(day).getTime());
      await addSampleRecords(db, 10, { time: time(day) });
      await sealLog(db, RETENTION_DAYS);
      noted.push((await verify(db)).head ?? assert.fail("no seal"));
    }
  });
  after(() => mock.timers.reset());

  const details = async (tx: Db, anchor?: NotedSeal, retentionDays: number | undefined = RETENTION_DAYS) =>
    (await verify(tx, { ...(anchor && { anchor }), retentionDays })).findings.map(({ detail }) => detail);

  /** What verifications find after an attack. */
  async function afterAttack(
    attack: (tx: Db) => Promise<unknown>,
    ...anchors: readonly (NotedSeal | undefined)[]
  ): Promise<readonly (readonly string[])[]> {
    return rolledBack(db, async (tx) => {
      await attack(tx);
      const all: string[][] = [];
      for (const anchor of anchors) all.push(await details(tx, anchor));
      return all;
    });
  }

  it("finds nothing where the retention explains it, with the head of every seal", async () => {
    for (const anchor of [undefined, ...noted, ...noted.map(({ number }) => untimed(number))]) {
      const { findings, isAnchorExpired } = await verify(db, {
        ...(anchor && { anchor }),
        retentionDays: RETENTION_DAYS,
      });
      assert.deepEqual(findings, []);
      // The second is the witness: it has expired, and can be compared.
      assert.equal(isAnchorExpired, anchor?.number === 1);
    }
  });

  it("finds expiry that no retention, or a longer one, explains", async () => {
    const deleted = `The records of seals 1 to 2 were deleted as too old, but seal 2 is of ${time(9)}`;
    await rolledBack(db, async (tx) => {
      const forEver = await verify(tx, { anchor: headOf(1) });
      assert.deepEqual(
        forEver.findings.map(({ detail }) => detail),
        [
          `${deleted}, and no retention is set.`,
          `Seal 1, which was noted with the time ${time(0)}, was deleted as too old, but no retention is set.`,
        ],
      );
      assert.deepEqual(await details(tx, undefined, 32), [`${deleted}, and records are kept for 32 days.`]);
    });
  });

  it("finds that one seal was forged that says that all others have expired, which are gone", async () => {
    const gone = `The records of seals 1 to 5 were deleted as too old, but seal 6 is of ${time(40)}, and records are kept for 30 days.`;
    const tooYoung = `Seal 4, which was noted with the time ${time(39)}, was deleted as too old, but records are kept for 30 days.`;
    assert.deepEqual(await afterAttack((tx) => forgeExpiry(tx, 5), undefined, headOf(4), untimed(4), headOf(1)), [
      [gone],
      [gone, tooYoung],
      [gone],
      [gone],
    ]);
  });

  it("finds it with a head that has a time, also when the forged seal is made to look old", async () => {
    const attack = (tx: Db) => forgeExpiry(tx, 5, { sealedAt: dayOf(-900) });
    const tooYoung = `Seal 4, which was noted with the time ${time(39)}, was deleted as too old, but records are kept for 30 days.`;
    const newer = `Seal 1, which was noted with the time ${time(0)}, is newer than seal 6, which says that it is of ${time(-900)}.`;
    // Without a head, this is as if there had never been anything else. A head of version 0.1 leaves it open.
    assert.deepEqual(await afterAttack(attack, undefined, headOf(4), headOf(1)), [[], [tooYoung], [newer]]);
    await rolledBack(db, async (tx) => {
      await attack(tx);
      const { isAnchorExpired } = await verify(tx, { anchor: untimed(4), retentionDays: RETENTION_DAYS });
      assert(isAnchorExpired);
    });
  });

  it("finds that seals were said to have expired too early, and the last of them was left as it is", async () => {
    const early = `The records of seals 1 to 4 were deleted as too old, but seal 4 is of ${time(39)}, and records are kept for 30 days.`;
    assert.deepEqual(await afterAttack((tx) => forgeExpiry(tx, 4, { keep: 4 }), undefined, headOf(5)), [
      [early],
      [early],
    ]);
  });

  it("finds that the last of them was made to look old: by the next seal, or else by a noted one", async () => {
    const makeOld = async (tx: Db) => {
      await forgeExpiry(tx, 4, { keep: 4 });
      await forgeSeal(tx, 4, (seal) => ({ ...seal, sealedAt: time(-900) }));
      await run(tx, `update seals set sealed_at = '${time(-900)}' where number = 4`);
    };
    const changed = "Seal 5 does not follow from seal 4: one of them was changed.";
    const other = (number: number) => `Seal ${number} is not the one that was noted.`;
    assert.deepEqual(await afterAttack(makeOld, undefined, headOf(5)), [[changed], [changed]]);
    const makeAllAnew = async (tx: Db) => {
      await makeOld(tx);
      await reseal(tx, 5, 4);
    };
    assert.deepEqual(await afterAttack(makeAllAnew, undefined, headOf(5), headOf(4), untimed(4), headOf(3)), [
      [],
      [other(5)],
      [other(4)],
      [other(4)],
      [`Seal 3, which was noted with the time ${time(38)}, was deleted as too old, but records are kept for 30 days.`],
    ]);
  });

  it("finds that the witness was removed, unless the next seal is too old as well", async () => {
    const remove = (tx: Db) => run(tx, "delete from seals where number = 2");
    const unproven = `The records of seals 1 to 2 were deleted as too old, but seal 3 is of ${time(38)}, and records are kept for 30 days.`;
    assert.deepEqual(await afterAttack(remove, undefined), [[unproven]]);
    await rolledBack(db, async (tx) => {
      await remove(tx);
      assert.deepEqual(await details(tx, undefined, 1), []);
    });
  });

  it("finds seals that say that they have expired themselves, that fewer have, or that they are older", async () => {
    assert.deepEqual(await afterAttack((tx) => forgeExpiry(tx, 6), undefined), [
      [
        "Seal 6 says that it has expired itself.",
        `The records of seals 1 to 6 were deleted as too old, but seal 6 is of ${time(40)}, and records are kept for 30 days.`,
      ],
    ]);
    const add = (expired: number, day: number) => (tx: Db) =>
      forgeExpiry(tx, expired, { keep: 2, sealedAt: dayOf(day) });
    assert.deepEqual(await afterAttack(add(2, 39.5), undefined), [["Seal 6 says that it is older than seal 5."]]);
    const [fewer] = await afterAttack(add(1, 40), undefined);
    assert(fewer?.includes("Seal 6 says that fewer seals have expired than seal 5 says."), String(fewer));
  });
});
