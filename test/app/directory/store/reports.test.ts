import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../../../app/db/database.js";
import { readManagers } from "../../../../app/directory/managers.js";
import type { OktaUser } from "../../../../app/directory/okta-api/shapes.js";
import { change } from "../../../../app/directory/store/change.js";
import { erasePerson } from "../../../../app/directory/store/erasure.js";
import { takeReadNumber } from "../../../../app/directory/store/reads.js";
import { forgetReports, keepReports } from "../../../../app/directory/store/reports.js";
import { claimOrg, endLoad, readSyncState } from "../../../../app/directory/store/state.js";
import { writeDeletedUser, writeUsers } from "../../../../app/directory/store/users.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { emptyDirectory, versions } from "../../../support/directory/contents.js";
import { oktaUser } from "../../../support/directory/okta-values.js";

/** What is random is tried by `relationships.test.ts`. */
describeOnEachEngine("who reports to whom", (db) => {
  const source = { org: "https://org.test", managerAttribute: "managerId" };
  const write = async (users: readonly OktaUser[]) => {
    const read = await takeReadNumber(db);
    return change(db, undefined, (tx, version) => writeUsers(tx, users, read, version));
  };
  const remove = async (id: string) => {
    const read = await takeReadNumber(db);
    return change(db, undefined, (tx, version) => writeDeletedUser(tx, id, read, version));
  };
  const managersOf = (id: string) => readManagers(db, id);
  /** u1 reports to u2, u2 to u3 and so on, and the last one to nobody. */
  const chain = (length: number) =>
    Array.from({ length }, (_, n) => oktaUser(`u${n + 1}`, { manager: n + 1 < length ? `u${n + 2}` : "" }));

  beforeEach(async () => {
    await emptyDirectory(db);
    await claimOrg(db, source);
    await endLoad(db, "2026-01-01T00:00:00.000Z");
    await keepReports(db);
  });

  it("goes from manager to manager, the closest first", async () => {
    await write(chain(4));
    assert.deepEqual(await managersOf("u1"), ["u2", "u3", "u4"]);
    assert.deepEqual([await managersOf("u3"), await managersOf("u4")], [["u4"], []]);
  });

  it("goes 64 steps far; who has a longer way reports to nobody", async () => {
    await write(chain(66));
    const counts = await Promise.all(["u1", "u2", "u3"].map(async (id) => (await managersOf(id)).length));
    assert.deepEqual(counts, [0, 64, 63]);
    await write([oktaUser("u65")]);
    assert.equal((await managersOf("u1")).length, 64);
  });

  it("ends where a circle begins, in which nobody reports to anybody, also where the circle is very long", async () => {
    const roundOf = (length: number) => [...chain(length).slice(0, -1), oktaUser(`u${length}`, { manager: "u1" })];
    await write([oktaUser("below", { manager: "u1" }), ...roundOf(3)]);
    assert.deepEqual(await Promise.all(["below", "u1", "u2", "u3"].map(managersOf)), [["u1"], [], [], []]);
    await write([oktaUser("u3", { manager: "u3" })]);
    assert.deepEqual(await managersOf("below"), ["u1", "u2", "u3"], "who is their own manager is a circle, too");
    await write(roundOf(100));
    assert.deepEqual([await managersOf("below"), await managersOf("u50")], [[], []]);
  });

  it("is known of those who have left until they are erased, and nobody reports to those who have left", async () => {
    await write(chain(3));
    await remove("u1");
    assert.deepEqual(await managersOf("u1"), ["u2", "u3"]);
    await erasePerson(db, "u1");
    assert.deepEqual(await managersOf("u1"), []);
    await remove("u3");
    assert.deepEqual(await managersOf("u2"), []);
    await write([oktaUser("u3")]);
    assert.deepEqual(await managersOf("u2"), ["u3"]);
    const [stored] = await rowsOf<{ texts: number }>(
      db,
      sql`select count(*)::int as texts from people where id = 'u1' and (manager_text is not null or manager_key is not null)`,
    );
    assert.equal(stored?.texts, 0, "what an erased person's profile said is not kept");
  });

  it("follows an address from one person to another, and a text that two people have", async () => {
    await write([oktaUser("boss"), oktaUser("other"), oktaUser("r", { manager: "BOSS@test.example" })]);
    assert.deepEqual(await managersOf("r"), ["boss"]);
    await write([oktaUser("other", { email: "boss@TEST.example" })]);
    assert.deepEqual(await managersOf("r"), []);
    await write([oktaUser("boss", { login: "b", email: "b@test.example" })]);
    assert.deepEqual(await managersOf("r"), ["other"]);
  });

  it("makes a version with the change of people, and none when nothing is other than before", async () => {
    await write(chain(3));
    const { version } = await versions(db);
    await write([oktaUser("u3", { manager: "nobody" })]);
    assert.equal((await versions(db)).version, version + 1);
    await write([oktaUser("u3", { manager: "nobody" })]);
    assert.equal((await versions(db)).version, version + 1);
  });

  it("is forgotten where another attribute names managers, and everything is compared then", async () => {
    await write(chain(3));
    assert.equal(await claimOrg(db, source), false);
    assert.deepEqual(await managersOf("u1"), ["u2", "u3"]);
    assert.equal(await claimOrg(db, { ...source, managerAttribute: "lead" }), false);
    assert.deepEqual(await managersOf("u1"), []);
    const { progress, leader } = await readSyncState(db);
    assert.deepEqual(
      [progress?.kind, progress?.kind === "reconciliation" && progress.reason, leader],
      ["reconciliation", "manager attribute", null],
    );
    await write(chain(3));
    assert.deepEqual(await managersOf("u1"), [], "not before everything has been read");
  });

  it("is forgotten where nothing is followed any more", async () => {
    await write(chain(3));
    await db.transaction((tx) => forgetReports(tx as Db));
    assert.deepEqual(await managersOf("u1"), []);
    assert.equal((await readSyncState(db)).managerAttribute, null);
  });
});
