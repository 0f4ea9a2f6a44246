import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { peopleStore } from "../../../../app/directory/people.js";
import { change, NO_CHANGES, NotLeadingError } from "../../../../app/directory/store/change.js";
import { lastEvents, noteEvent } from "../../../../app/directory/store/events.js";
import { writeGroups } from "../../../../app/directory/store/groups.js";
import { lead, resign } from "../../../../app/directory/store/lease.js";
import {
  addMembers,
  compareMembers,
  completeMemberships,
  writeGroupsOf,
} from "../../../../app/directory/store/memberships.js";
import { countMissing, keepBrake, releaseBrake, ringForMissing } from "../../../../app/directory/store/missing.js";
import { takeReadNumber } from "../../../../app/directory/store/reads.js";
import {
  claimOrg,
  endLoad,
  keepLogCursor,
  keepLogReadAt,
  readSyncState,
  requestReconciliation,
} from "../../../../app/directory/store/state.js";
import { writeUsers } from "../../../../app/directory/store/users.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { inbox, personIn } from "../../../support/directory/contents.js";
import { oktaGroup, oktaUser } from "../../../support/directory/okta-values.js";

const source = { org: "https://a.test", managerAttribute: "managerId" };

describeOnEachEngine("the state of the directory", (db) => {
  const write = (leader: string | undefined) => change(db, leader, async () => NO_CHANGES);

  before(async () => {
    assert.equal(await claimOrg(db, source), false);
  });

  it("has one leader, until it resigns or does not say so again", async () => {
    assert.equal(await lead(db, "p1", source, 60_000), true);
    assert.equal(await lead(db, "p2", source, 60_000), false);
    assert.equal(await lead(db, "p1", source, 60_000), true);
    await write("p1");
    await assert.rejects(write("p2"), NotLeadingError);
    await resign(db, "p2");
    assert.equal((await readSyncState(db)).leader, "p1");
    assert.equal(await lead(db, "p1", source, 1), true);
    await sleep(10);
    await assert.rejects(write("p1"), NotLeadingError);
    assert.equal((await readSyncState(db)).leader, null);
    assert.equal(await lead(db, "p2", source, 5_000), true);
    await resign(db, "p2");
    assert.equal(await lead(db, "p1", source, 1), true);
  });

  it("is led by a process of its organization alone", async () => {
    assert.equal(await lead(db, "p3", { ...source, org: "https://other.test" }, 5_000), false);
  });

  it("keeps the latest time up to which the log has been read", async () => {
    const { now } = await readSyncState(db);
    await keepLogReadAt(db, now);
    await keepLogReadAt(db, now - 5_000);
    assert.equal(Date.parse((await readSyncState(db)).logReadAt ?? ""), Math.round(now));
  });

  it("takes a reconciliation after the first load alone, and one at a time", async () => {
    assert.equal(await requestReconciliation(db), false);
    const person = {
      id: "00login",
      email: "l@test.example",
      emailIsVerified: true,
      name: "L",
      department: "",
      roles: [],
    };
    await peopleStore(db).remember(person, "login");
    await endLoad(db, "2026-01-01T00:00:00.000Z");
    assert.deepEqual(await inbox(db), ["user 00login load"], "Okta did not list who was known from a login");
    await db.execute(sql`delete from directory_inbox`);
    await db.execute(sql`delete from people`);
    assert.equal(await requestReconciliation(db), true);
    assert.equal(await requestReconciliation(db), false);
    assert.equal((await readSyncState(db)).progress?.kind, "reconciliation");
  });

  it("counts what a reconciliation has not found, and rings for it when the brake is released", async () => {
    const version = 1;
    await writeGroups(db, [oktaGroup("gA"), oktaGroup("gB")], await takeReadNumber(db));
    await writeUsers(
      db,
      ["k1", "k2", "k3", "k4"].map((id) => oktaUser(id)),
      await takeReadNumber(db),
      version,
    );
    const members = await takeReadNumber(db);
    await addMembers(db, "gA", ["k1", "k2", "k3"], members, version);
    await addMembers(db, "gB", ["k1"], members, version);
    await completeMemberships(db, await takeReadNumber(db), 100);
    const start = await takeReadNumber(db);
    await writeGroups(db, [oktaGroup("gA")], await takeReadNumber(db));
    await writeUsers(
      db,
      ["k1", "k2", "k4"].map((id) => oktaUser(id)),
      await takeReadNumber(db),
      version,
    );
    // k4 is a member in Okta alone, k2 in the directory alone, and k3 is in neither.
    const compared = await takeReadNumber(db);
    assert.deepEqual(await compareMembers(db, "gA", ["k1", "k4", "k5"], compared), ["k4", "k5"]);
    const found = await countMissing(db, start);
    assert.deepEqual([found.people, found.memberships, found.allPeople, found.allMemberships], [1, 3, 4, 4]);
    assert.equal((await countMissing(db, start)).hash, found.hash);

    await writeGroupsOf(db, "k2", ["gA"], await takeReadNumber(db), version);
    const { people, memberships, hash } = await countMissing(db, start);
    assert.deepEqual([people, memberships], [1, 2]);
    assert.notEqual(hash, found.hash);
    await writeGroupsOf(db, "k4", [], await takeReadNumber(db), version);
    assert.deepEqual(await compareMembers(db, "gA", ["k4"], compared), [], "its groups have been read later");

    assert.equal(await releaseBrake(db), false);
    await keepBrake(db, { since: "2026-01-01T00:00:00.000Z", people, memberships, start, hash });
    assert.equal(await releaseBrake(db), true);
    assert.equal((await readSyncState(db)).brake, null);
    assert.deepEqual((await inbox(db)).sort(), [
      "group gB reconciliation",
      "user k1 reconciliation",
      "user k3 reconciliation",
    ]);
    await ringForMissing(db, start);
    assert.equal((await inbox(db)).length, 3);
  });

  it("keeps the last events", async () => {
    for (let n = 0; n < 510; n++) await noteEvent(db, "delta", `event ${n}`);
    const events = await lastEvents(db, 1_000);
    assert.deepEqual([events.length, events[0]?.text], [500, "event 509"]);
    assert(events[0]?.time instanceof Date);
  });

  it("begins anew for another organization, and not for the same", async () => {
    await keepLogCursor(db, "cursor");
    assert.equal(await claimOrg(db, source), false);
    assert.equal((await readSyncState(db)).logCursor, "cursor");
    assert.equal(await personIn(db, "k1"), "ACTIVE gA,gB");
    assert.equal(await claimOrg(db, { ...source, org: "https://b.test" }), true);
    const { logCursor, loadedAt, logReadAt } = await readSyncState(db);
    assert.deepEqual([logCursor, loadedAt, logReadAt, await inbox(db)], [null, null, null, []]);
    assert.equal(await personIn(db, "k1"), "unread -");
  });
});
