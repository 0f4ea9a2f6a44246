import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import {
  done,
  failed,
  hasUrgentUntil,
  inboxState,
  ring,
  setAside,
  take,
} from "../../../../app/directory/store/inbox.js";
import { takeReadNumber } from "../../../../app/directory/store/reads.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { inbox } from "../../../support/directory/contents.js";

const user = (id: string) => ({ kind: "user" as const, id });

describeOnEachEngine("the inbox", (db) => {
  beforeEach(() => db.execute(sql`delete from directory_inbox`));

  const first = async () => {
    const [entry] = await take(db, 1, []);
    return entry ?? assert.fail("the inbox is empty");
  };

  it("gives what came first, users and groups alike, and none that is being read", async () => {
    await ring(db, "hook", [user("b")]);
    // Times are kept to the millisecond.
    await sleep(2);
    await ring(db, "log", [{ kind: "group", id: "a" }]);
    await ring(db, "hook", [user("b"), user("c")]);
    assert.deepEqual(
      (await take(db, 2, [])).map(({ kind, id }) => `${kind} ${id}`),
      ["user b", "group a"],
    );
    assert.deepEqual(
      (await take(db, 9, ["user b"])).map(({ id }) => id),
      ["a", "c"],
    );
  });

  it("gives what has just happened before what runs over all have found, and takes it over from them", async () => {
    await ring(db, "reconciliation", [user("x"), user("y")]);
    const { takenAt: before } = await first();
    await sleep(5);
    await ring(db, "hook", [user("z"), user("y")]);
    await ring(db, "delta", [user("z")]);
    assert.deepEqual(await inbox(db), ["user y hook", "user z hook", "user x reconciliation"]);
    assert.deepEqual(
      (await take(db, 9, [])).map(({ id, source }) => `${id} ${source}`),
      ["y hook", "z hook", "x reconciliation"],
    );
    assert.equal(await hasUrgentUntil(db, before), false, "it is urgent since the hook rang");
  });

  it("keeps an entry that is rung for again while it is read, as one that came after that", async () => {
    await ring(db, "hook", [user("r")]);
    const taken = await first();
    await sleep(5);
    await ring(db, "hook", [user("r")]);
    await done(db, taken);
    assert.deepEqual(await inbox(db), ["user r hook"]);
    assert.equal(await hasUrgentUntil(db, taken.takenAt - 1), false);
    const again = await first();
    assert(again.ring > taken.ring && again.read > taken.read);
    await done(db, again);
    assert.deepEqual(await inbox(db), []);
  });

  it("gives each read a number from after its ring", async () => {
    const before = await takeReadNumber(db);
    await ring(db, "hook", [user("n")]);
    assert((await first()).read > before);
  });

  it("lets what failed wait, and counts it", async () => {
    await ring(db, "hook", [user("f")]);
    await failed(db, user("f"), 60_000);
    assert.deepEqual(await take(db, 9, []), []);
    await ring(db, "hook", [user("f")]);
    assert.deepEqual(await take(db, 9, []), []);
    await failed(db, user("f"), 5);
    await sleep(10);
    assert.equal((await first()).failures, 2);
    const { waiting, failing } = await inboxState(db);
    assert.deepEqual([waiting, failing], [1, 1]);
    const taken = await first();
    await ring(db, "hook", [user("f")]);
    await done(db, taken);
    assert.equal((await first()).failures, 0, "it has been read since");
  });

  it("does not count as urgent what Okta does not show", async () => {
    await ring(db, "hook", [user("s")]);
    const { takenAt } = await first();
    assert.equal(await hasUrgentUntil(db, takenAt + 1_000), true);
    await setAside(db, user("s"), 0);
    assert.equal(await hasUrgentUntil(db, takenAt + 1_000), false);
    assert.equal((await inboxState(db)).oldestSeconds, null);
  });

  it("ignores ids that no user or group can have", async () => {
    await ring(db, "hook", [user(""), user("a\0b"), user("\ud800")]);
    assert.deepEqual(await inbox(db), []);
  });

  it("takes rings for the same from many at once", async () => {
    const ids = Array.from({ length: 50 }, (_, n) => user(`m${n}`));
    await Promise.all(Array.from({ length: 8 }, (_, n) => ring(db, "hook", n % 2 ? ids : [...ids].reverse())));
    assert.equal((await inboxState(db)).waiting, 50);
  });
});
