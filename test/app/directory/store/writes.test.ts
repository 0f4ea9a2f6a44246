import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import type { Db } from "../../../../app/db/database.js";
import { people } from "../../../../app/db/schema.js";
import { readUser } from "../../../../app/directory/lookup/store.js";
import type { OktaGroup, OktaUser } from "../../../../app/directory/okta-api/shapes.js";
import { peopleStore } from "../../../../app/directory/people.js";
import { type Changes, change, NO_CHANGES, together } from "../../../../app/directory/store/change.js";
import {
  groupAfter,
  writeDeletedGroup,
  writeGroups,
  writeUnknownGroups,
} from "../../../../app/directory/store/groups.js";
import { addMembers, completeMemberships, writeGroupsOf } from "../../../../app/directory/store/memberships.js";
import { takeReadNumber } from "../../../../app/directory/store/reads.js";
import { claimOrg, endLoad } from "../../../../app/directory/store/state.js";
import { writeDeletedUser, writeUnreadableUsers, writeUsers } from "../../../../app/directory/store/users.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { personIn, versionOf, versions } from "../../../support/directory/contents.js";
import { oktaGroup, oktaUser } from "../../../support/directory/okta-values.js";

describeOnEachEngine("writes to the directory", (db) => {
  const read = () => takeReadNumber(db);
  const write = (work: (tx: Db, version: number) => Promise<Changes>) => change(db, undefined, work);
  const users = (told: readonly OktaUser[], n: number) => write((tx, version) => writeUsers(tx, told, n, version));
  const groups = (told: readonly OktaGroup[], n: number) => write((tx) => writeGroups(tx, told, n));
  const groupsOf = (id: string, ids: readonly string[], n: number) =>
    write((tx, version) => writeGroupsOf(tx, id, ids, n, version));

  /** As a login does where there is no directory. */
  const remember = (id: string) => {
    const address = { email: `${id}@test.example`, emailIsVerified: true };
    return peopleStore(db).remember({ id, ...address, name: "", department: "", roles: [] }, "login");
  };

  before(async () => {
    await claimOrg(db, { org: "https://org.test", managerAttribute: "managerId" });
    await groups([oktaGroup("gA"), oktaGroup("gB"), oktaGroup("gC")], await read());
  });

  it("number reads in the order in which they begin", async () => {
    const [first, second] = [await read(), await read()];
    assert(second > first);
  });

  describe("of a user", () => {
    it("store a new one with all that Okta says, also what PostgreSQL cannot store as it is", async () => {
      const told = oktaUser("u1", {
        email: "Jörg@KÖLN.example",
        name: "Jörg\0 \ud800x",
        attributes: { level: 3, manager: { unusable: "an object" } },
      });
      await users([told], await read());
      const [found] = await peopleStore(db).byEmail("jörg@xn--kln-sna.example");
      assert.equal(found?.name, "Jörg\ufffd \ufffdx");
      assert.equal(await personIn(db, "u1"), "ACTIVE -");
    });

    it("make a version only when something is other than before", async () => {
      const { version } = await versions(db);
      await users([oktaUser("u2")], await read());
      assert.equal((await versions(db)).version, version + 1);
      await users([oktaUser("u2")], await read());
      assert.equal((await versions(db)).version, version + 1);
      assert.equal(await versionOf(db, "u2"), version + 1);
      for (const [n, changed] of [{ department: "X" }, { attributes: { a: 1 } }, { status: "SUSPENDED" }].entries()) {
        await users([oktaUser("u2", changed)], await read());
        assert.equal(await versionOf(db, "u2"), version + 2 + n);
      }
    });

    it("are refused where a later read was written, whatever that one said", async () => {
      const [first, second, third] = [await read(), await read(), await read()];
      await users([oktaUser("u3", { status: "ACTIVE" })], first);
      await users([oktaUser("u3", { status: "ACTIVE" })], third);
      await users([oktaUser("u3", { status: "SUSPENDED" })], second);
      assert.equal(await personIn(db, "u3"), "ACTIVE -");
    });

    it("say who has appeared: the new, and those who were gone", async () => {
      let appeared: readonly string[] = [];
      const seen = async (told: readonly OktaUser[]) => {
        const n = await read();
        await write(async (tx, version) => {
          const written = await writeUsers(tx, told, n, version);
          appeared = written.appeared;
          return written;
        });
        return [...appeared].sort();
      };
      assert.deepEqual(await seen([oktaUser("u4"), oktaUser("u5")]), ["u4", "u5"]);
      assert.deepEqual(await seen([oktaUser("u4"), oktaUser("u5", { status: "DEPROVISIONED" })]), []);
      assert.deepEqual(await seen([oktaUser("u4"), oktaUser("u5")]), ["u5"]);
      await remember("u6");
      assert.deepEqual(await seen([oktaUser("u6")]), ["u6"]);
    });

    it("make a tombstone without groups of one who is deactivated or deleted, and of the unknown during the first load alone", async () => {
      await users([oktaUser("u7"), oktaUser("u8")], await read());
      for (const id of ["u7", "u8"]) await groupsOf(id, ["gA", "gB"], await read());
      await users([oktaUser("u7", { status: "DEPROVISIONED" })], await read());
      const late = await read();
      const n = await read();
      await write((tx, version) => writeDeletedUser(tx, "u8", n, version));
      assert.deepEqual([await personIn(db, "u7"), await personIn(db, "u8")], ["gone -", "gone -"]);
      assert.equal((await peopleStore(db).byIds(["u8"])).get("u8")?.name, "Name of u8");
      assert.equal(await versionOf(db, "u8"), (await versions(db)).version);
      await users([oktaUser("u8")], late);
      await groupsOf("u8", ["gA"], late);
      assert.equal(await personIn(db, "u8"), "gone -");
      await write((tx, version) => writeDeletedUser(tx, "u9", n, version));
      await users([oktaUser("u9")], late);
      assert.equal(await personIn(db, "u9"), "gone -");
      await endLoad(db, "2026-01-01T00:00:00.000Z");
      assert.equal(await personIn(db, "u9"), "nobody");
      await write((tx, version) => writeDeletedUser(tx, "u9", n, version));
      assert.equal(await personIn(db, "u9"), "nobody");
    });

    it("do not delete, nor bring back, nor put into groups by what was read earlier than a later change", async () => {
      await users([oktaUser("u14"), oktaUser("u15")], await read());
      await groupsOf("u14", ["gA"], await read());
      const early = await read();
      await users([oktaUser("u14", { department: "Later" })], await read());
      await write((tx, version) => writeDeletedUser(tx, "u14", early, version));
      assert.equal(await personIn(db, "u14"), "ACTIVE gA");

      const stale = await read();
      await users([oktaUser("u14", { status: "DEPROVISIONED" })], await read());
      await groupsOf("u14", ["gB"], await read());
      assert.equal(await personIn(db, "u14"), "gone -", "a tombstone is in no group");
      await users([oktaUser("u14")], await read());
      await groupsOf("u14", ["gA"], stale);
      assert.equal(await personIn(db, "u14"), "ACTIVE -");
    });

    it("keep since when one is gone", async () => {
      const goneAt = async () => {
        const rows = await db.select({ goneAt: people.goneAt }).from(people).where(eq(people.id, "u16"));
        return rows[0]?.goneAt?.getTime() ?? assert.fail("no tombstone");
      };
      await users([oktaUser("u16", { status: "DEPROVISIONED" })], await read());
      const since = await goneAt();
      await users([oktaUser("u16", { status: "DEPROVISIONED", name: "Other" })], await read());
      const n = await read();
      await write((tx, version) => writeDeletedUser(tx, "u16", n, version));
      assert.equal(await goneAt(), since);
    });

    it("let those be unread whom Okta does not show any more, also the unknown, and not tombstones", async () => {
      const news: (readonly string[])[] = [];
      const unreadable = async (ids: readonly string[], n: number) => {
        await write(async (tx, version) => {
          const written = await writeUnreadableUsers(tx, ids, n, version);
          news.push([...written.news].sort());
          return written;
        });
      };
      await users([oktaUser("u10"), oktaUser("u11"), oktaUser("u12", { status: "DEPROVISIONED" })], await read());
      await groupsOf("u10", ["gA"], await read());
      const early = await read();
      await unreadable(["u10", "u12", "u13"], await read());
      assert.deepEqual(await Promise.all(["u10", "u11", "u12", "u13"].map((id) => personIn(db, id))), [
        "unread -",
        "ACTIVE -",
        "gone -",
        "unread -",
      ]);
      assert.equal(await versionOf(db, "u10"), (await versions(db)).version);
      await users([oktaUser("u10"), oktaUser("u13")], early);
      assert.deepEqual([await personIn(db, "u10"), await personIn(db, "u13")], ["unread -", "unread -"]);
      const late = await read();
      await unreadable(["u10", "u13"], await read());
      await users([oktaUser("u10")], await read());
      assert.equal((await readUser(db, "u10"))?.areGroupsKnown, false);
      await groupsOf("u10", ["gA"], await read());
      await unreadable(["u10"], late);
      assert.equal(await personIn(db, "u10"), "ACTIVE gA");
      assert.deepEqual(news, [["u10", "u13"], [], []]);
    });
  });

  describe("of a user's groups", () => {
    before(async () => void (await users([oktaUser("m1"), oktaUser("m2"), oktaUser("m3")], await read())));

    it("replace the ones before, and make a version when they differ", async () => {
      await groupsOf("m1", ["gA", "gB", "unknown"], await read());
      assert.equal(await personIn(db, "m1"), "ACTIVE gA,gB");
      const { version } = await versions(db);
      await groupsOf("m1", ["gB", "gA"], await read());
      assert.equal((await versions(db)).version, version);
      await groupsOf("m1", ["gB", "gC"], await read());
      assert.equal(await personIn(db, "m1"), "ACTIVE gB,gC");
      assert.equal(await versionOf(db, "m1"), version + 1);
      await groupsOf("m1", [], await read());
      assert.equal(await personIn(db, "m1"), "ACTIVE -");
    });

    it("make a version the first time, when there are none, too", async () => {
      const { version } = await versions(db);
      await groupsOf("m2", [], await read());
      assert.equal(await versionOf(db, "m2"), version + 1);
    });

    it("are refused where a later read was written", async () => {
      const [first, second] = [await read(), await read()];
      await groupsOf("m3", ["gA"], second);
      await groupsOf("m3", ["gA", "gB"], first);
      assert.equal(await personIn(db, "m3"), "ACTIVE gA");
    });

    it("are refused of somebody whom the directory does not know, or knows from a login alone", async () => {
      assert.deepEqual(await groupsOf("nobody", ["gA"], await read()), NO_CHANGES);
      await remember("m4");
      assert.deepEqual(await groupsOf("m4", ["gA"], await read()), NO_CHANGES);
      assert.equal(await personIn(db, "m4"), "unread -");
    });
  });

  describe("of groups", () => {
    it("make a version of the groups when a name, a type or the existence changes", async () => {
      const steps = [
        oktaGroup("gX"),
        oktaGroup("gX", { name: "other" }),
        oktaGroup("gX", { name: "other", type: "APP_GROUP" }),
      ];
      for (const step of steps) {
        const { version } = await versions(db);
        await groups([step], await read());
        assert.deepEqual(await versions(db), { version: version + 1, groups: version + 1 });
        await groups([step], await read());
        assert.deepEqual(await versions(db), { version: version + 1, groups: version + 1 });
      }
    });

    it("take a deleted one's members, and do not bring it back by what was read earlier", async () => {
      await groups([oktaGroup("gY")], await read());
      await users([oktaUser("y1")], await read());
      await groupsOf("y1", ["gA", "gY"], await read());
      const earlier = await read();
      const n = await read();
      const { version } = await versions(db);
      await write((tx) => writeDeletedGroup(tx, "gY", n));
      assert.equal((await versions(db)).groups, version + 1);
      assert.equal(await personIn(db, "y1"), "ACTIVE gA");
      await write(async (tx) => {
        const written = await writeGroups(tx, [oktaGroup("gY")], earlier);
        assert.equal(written.areBack, false);
        return written;
      });
      await groupsOf("y1", ["gA", "gY"], await read());
      assert.equal(await personIn(db, "y1"), "ACTIVE gA");
      const late = await read();
      await write((tx) => writeDeletedGroup(tx, "gY", late));
      assert.equal((await versions(db)).groups, version + 1);
      const last = await read();
      await write(async (tx) => {
        const written = await writeGroups(tx, [oktaGroup("gY")], last);
        assert.equal(written.areBack, true);
        return written;
      });
      assert.equal((await versions(db)).groups, version + 2);
      assert.equal(await personIn(db, "y1"), "ACTIVE gA");
      await groupsOf("y1", ["gA", "gY"], await read());
      assert.equal(await personIn(db, "y1"), "ACTIVE gA,gY");
      await write((tx) => writeDeletedGroup(tx, "gY", late));
      assert.equal(await personIn(db, "y1"), "ACTIVE gA,gY", "what was read earlier does not delete it");
    });

    it("remember one that was deleted before it was known", async () => {
      const [early, n] = [await read(), await read()];
      await write((tx) => writeDeletedGroup(tx, "gW", n));
      await groups([oktaGroup("gW")], early);
      assert.equal(await groupAfter(db, "gV"), "gX");
    });

    it("leave those alone that are known, where a user's groups are read", async () => {
      const n = await read();
      await write((tx) => writeUnknownGroups(tx, [oktaGroup("gA", { name: "other" }), oktaGroup("gZ")], n));
      const { version } = await versions(db);
      await groups([oktaGroup("gA"), oktaGroup("gZ")], await read());
      assert.equal((await versions(db)).version, version);
    });
  });

  it("of a group's members add those whose groups have not been read later, and tell who is unknown", async () => {
    await users([oktaUser("l1"), oktaUser("l2"), oktaUser("l3", { status: "DEPROVISIONED" })], await read());
    const n = await read();
    await groupsOf("l2", ["gB"], await read());
    let unknown: readonly string[] = [];
    await write(async (tx, version) => {
      const added = await addMembers(tx, "gA", ["l1", "l2", "l3", "l4"], n, version);
      unknown = added.unknown;
      return added;
    });
    assert.deepEqual([...unknown].sort(), ["l3", "l4"]);
    const found = await Promise.all(["l1", "l2", "l3"].map((id) => personIn(db, id)));
    assert.deepEqual(found, ["ACTIVE gA", "ACTIVE gB", "gone -"]);
    const begun = await read();
    await users([oktaUser("l5")], await read());
    while ((await completeMemberships(db, begun, 2)) > 0);
    await groupsOf("l1", ["gC"], n);
    assert.equal(await personIn(db, "l1"), "ACTIVE gA");
    const areKnown = async (id: string) => (await readUser(db, id))?.areGroupsKnown;
    // Pages of members that were read before it was listed may not have l5.
    assert.deepEqual([await areKnown("l1"), await areKnown("l5")], [true, false]);
  });

  it("of a page of 200 users in several transactions at once leave one version each", async () => {
    const page = (of: string) => Array.from({ length: 200 }, (_, n) => oktaUser(`${of}${n}`));
    const { version } = await versions(db);
    const numbers = [await read(), await read(), await read()];
    await Promise.all(numbers.map((n, i) => users(page(`p${i}-`), n)));
    assert.equal((await versions(db)).version, version + 3);
    const changes = { people: true, groups: false, left: ["u1"] };
    assert.deepEqual(together(changes, NO_CHANGES), changes);
  });
});
