import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Person } from "../../../../app/auth/claims.js";
import { personSessions } from "../../../../app/auth/sessions/own-sessions.js";
import { type Db, rowsOf } from "../../../../app/db/database.js";
import { savedViews, sessions } from "../../../../app/db/schema.js";
import { DirectoryLookup } from "../../../../app/directory/lookup/lookup.js";
import { DirectoryUnavailableError } from "../../../../app/directory/lookup/unavailable.js";
import { nameAmong, peopleStore } from "../../../../app/directory/people.js";
import { type Changes, change } from "../../../../app/directory/store/change.js";
import { erasePerson } from "../../../../app/directory/store/erasure.js";
import { writeGroups } from "../../../../app/directory/store/groups.js";
import { writeGroupsOf } from "../../../../app/directory/store/memberships.js";
import { takeReadNumber } from "../../../../app/directory/store/reads.js";
import { claimOrg, endLoad, keepLogReadAt } from "../../../../app/directory/store/state.js";
import { writeDeletedUser, writeUsers } from "../../../../app/directory/store/users.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { personIn } from "../../../support/directory/contents.js";
import { oktaGroup, oktaUser } from "../../../support/directory/okta-values.js";
import { silentLogger } from "../../../support/telemetry/silent-logger.js";

/** Longer than what is known of a user may be old. */
const STALE_MS = 120;
/** Is in everything that is stored of a person, and in no id. */
const MARK = "Quintessa";

describeOnEachEngine("a person who is erased", (db) => {
  const rules = { roleMap: undefined, attributes: ["badge"] };
  const read = () => takeReadNumber(db);
  const write = (work: (tx: Db, version: number) => Promise<Changes>) => change(db, undefined, work);
  const profile = {
    name: MARK,
    email: `${MARK}@test.example`,
    login: `${MARK}@login.example`,
    title: MARK,
    timezone: MARK,
  };
  const userOf = (id: string, status: string) =>
    oktaUser(id, { ...profile, status, department: MARK, attributes: { badge: MARK } });

  /** What Okta says of a user, as a read with a number writes it; `undefined`: that there is none. */
  async function readOfOkta(id: string, status: string | undefined, n: number): Promise<void> {
    await write((tx, version) =>
      status === undefined ? writeDeletedUser(tx, id, n, version) : writeUsers(tx, [userOf(id, status)], n, version),
    );
    await write((tx, version) => writeGroupsOf(tx, id, status === "ACTIVE" ? ["gA"] : [], n, version));
  }
  /** A user who was active, and is a tombstone now. */
  async function tombstone(id: string): Promise<void> {
    await readOfOkta(id, "ACTIVE", await read());
    await readOfOkta(id, "DEPROVISIONED", await read());
  }
  const storedOf = async (id: string) => {
    const [row] = await rowsOf<{ text: string }>(db, sql`select people::text as text from people where id = ${id}`);
    return row?.text ?? "nothing";
  };
  const erased = async (id: string) => assert.deepEqual(await erasePerson(db, id), { outcome: "erased" });

  before(async () => {
    await claimOrg(db, { org: "https://org.test", managerAttribute: "managerId" });
    const n = await read();
    await write((tx) => writeGroups(tx, [oktaGroup("gA", { name: "user" })], n));
    await endLoad(db, "2026-01-01T00:00:00.000Z");
    await keepLogReadAt(db, Date.now());
  });

  it("has only an id and times from then on: no name, address, login, department, attribute, role or group", async () => {
    await tombstone("e1");
    assert((await storedOf("e1")).includes(MARK));
    await erased("e1");
    assert.doesNotMatch(await storedOf("e1"), new RegExp(MARK, "i"));
    assert.equal(await personIn(db, "e1"), "gone -");
    const people = peopleStore(db, rules);
    const known = await people.byIds(["e1"]);
    assert.deepEqual(known.get("e1"), { id: "e1", email: "", name: "", department: "" });
    assert.equal(nameAmong(known, "e1"), "an unknown user");
    assert.deepEqual(await people.matching(MARK, 5), []);
    assert.deepEqual(
      (await people.matching("e1", 5)).map(({ person, by }) => [person.id, by]),
      [["e1", "id"]],
    );
    await erased("e1");
  });

  it("does not come back by what was read before, nor as long as Okta has the user as deactivated, or not at all", async () => {
    await tombstone("e2");
    const late = await read();
    await erased("e2");
    await readOfOkta("e2", "ACTIVE", late);
    await readOfOkta("e2", "DEPROVISIONED", await read());
    const between = await read();
    await readOfOkta("e2", "DEPROVISIONED", await read());
    await readOfOkta("e2", "ACTIVE", between);
    await readOfOkta("e2", undefined, await read());
    await readOfOkta("e2", "DEPROVISIONED", await read());
    assert.doesNotMatch(await storedOf("e2"), new RegExp(MARK, "i"));
    assert.equal(await personIn(db, "e2"), "gone -");
  });

  it("comes back when Okta has the user as active again, and is a tombstone with a name after that", async () => {
    await tombstone("e3");
    await erased("e3");
    await readOfOkta("e3", "ACTIVE", await read());
    assert.equal(await personIn(db, "e3"), "ACTIVE gA");
    await readOfOkta("e3", "DEPROVISIONED", await read());
    assert.equal(nameAmong(await peopleStore(db).byIds(["e3"]), "e3"), MARK);
  });

  it("must be gone from Okta before; nothing is changed otherwise, and no stranger is stored", async () => {
    await readOfOkta("e4", "SUSPENDED", await read());
    assert.deepEqual(await erasePerson(db, "e4"), { outcome: "in Okta", status: "SUSPENDED" });
    assert((await storedOf("e4")).includes(MARK));
    assert.deepEqual(await erasePerson(db, "e5"), { outcome: "unknown" });
    assert.equal(await storedOf("e5"), "nothing");
  });

  it("is not kept by the caches of two processes", async () => {
    const open = () => {
      const fetchNow = () => Promise.reject(new Error("429"));
      return new DirectoryLookup({ db, rules, maxAgeSeconds: 900, fetchNow, logger: silentLogger });
    };
    const lookups = [open(), open()];
    const told = (id: string) => ({ id, claims: { sub: id } }) as unknown as Person;
    const all = (id: string) => Promise.all(lookups.map((lookup) => lookup.current(told(id)).catch((error) => error)));
    await readOfOkta("e6", "ACTIVE", await read());
    await peopleStore(db).remember(
      { id: "e7", email: "e7@test.example", emailIsVerified: true, name: MARK, department: "", roles: [] },
      "login",
    );
    await sleep(STALE_MS);
    for (const person of await all("e6")) assert.deepEqual([person.name, person.roles], [MARK, ["user"]]);
    for (const error of await all("e7")) assert(error instanceof DirectoryUnavailableError, "Okta is to be asked");

    await erased("e7");
    await sleep(STALE_MS);
    assert.deepEqual(await all("e7"), [null, null]);
    await readOfOkta("e6", "DEPROVISIONED", await read());
    await erased("e6");
    await sleep(STALE_MS);
    assert.deepEqual(await all("e6"), [null, null]);
    await readOfOkta("e6", "ACTIVE", await read());
    await sleep(STALE_MS);
    for (const person of await all("e6")) assert.deepEqual([person.name, person.roles], [MARK, ["user"]]);
  });

  it("has no session from then on", async () => {
    await tombstone("e8");
    for (const id of ["e8", "e9"]) {
      await db
        .insert(sessions)
        .values({ sid: `of ${id}`, sess: {}, expire: sql`now() + interval '1 hour'`, personId: id });
    }
    await erased("e8");
    const own = personSessions(db, 3_600_000);
    assert.deepEqual([(await own.list("e8")).length, (await own.list("e9")).length], [0, 1]);
  });

  it("keeps no views of the list of contacts from then on", async () => {
    await tombstone("e11");
    for (const personId of ["e11", "e9"])
      await db.insert(savedViews).values({ personId, name: MARK, query: `q=${MARK}` });
    await erased("e11");
    const left = await db.select({ personId: savedViews.personId }).from(savedViews);
    assert.deepEqual(left, [{ personId: "e9" }]);
  });

  it("stays erased when the directory is read anew, of another organization too", async () => {
    await tombstone("e10");
    await erased("e10");
    assert.equal(await claimOrg(db, { org: "https://other.test", managerAttribute: "managerId" }), true);
    await endLoad(db, "2026-01-01T00:00:00.000Z");
    assert.equal(await personIn(db, "e10"), "gone -");
    assert.doesNotMatch(await storedOf("e10"), new RegExp(MARK, "i"));
  });
});

describeOnEachEngine("a person who is erased where there is no directory", (db) => {
  const uma = { id: "00u1", email: "uma@test.example", emailIsVerified: true, name: "Uma", department: "", roles: [] };

  it("comes back by the next login, and not before", async () => {
    const people = peopleStore(db);
    await people.remember(uma, "login");
    assert.deepEqual(await erasePerson(db, uma.id), { outcome: "erased" });
    assert.deepEqual(await people.byEmail(uma.email), []);
    assert.equal(await personIn(db, uma.id), "gone -");
    await people.remember(uma, "login");
    assert.deepEqual(await people.byEmail(uma.email), [uma]);
    assert.equal(await personIn(db, uma.id), "unread -");
  });
});
