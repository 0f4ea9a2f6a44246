import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { people as table } from "../../../app/db/schema.js";
import { nameAmong, peopleStore } from "../../../app/directory/people.js";
import { endLoad } from "../../../app/directory/store/state.js";
import { describeOnEachEngine } from "../../support/database/suites.js";
import { inbox, personIn } from "../../support/directory/contents.js";
import { DirectoryRows } from "../../support/directory/rows.js";

describeOnEachEngine("people", (db) => {
  const people = peopleStore(db);

  const uma = {
    ...{ id: "00u1", email: "Uma@Example.com", emailIsVerified: true },
    ...{ name: "Uma Underhill", department: "Sales", roles: ["user"] },
  };

  it("are found by their address in any case, and by nothing else", async () => {
    await people.remember(uma, "login");
    for (const email of ["Uma@Example.com", "uma@example.com", "UMA@EXAMPLE.COM"]) {
      assert.deepEqual(await people.byEmail(email), [uma]);
    }
    for (const email of ["", "uma@example.co", "uma_example.com", "%", "' or true --"]) {
      assert.deepEqual(await people.byEmail(email), []);
    }
  });

  it("are known as the last login says; a token tells of the department and roles alone, if it has them", async () => {
    const later = { ...uma, name: "Uma Overhill", department: "Support", roles: [] };
    await people.remember(later, "login");
    assert.deepEqual(await people.byEmail(uma.email), [later]);
    await people.remember({ ...uma, name: "uma", email: "uma" }, "token");
    assert.deepEqual(await people.byEmail(uma.email), [{ ...later, department: "Sales", roles: ["user"] }]);
    assert.deepEqual(await people.byEmail("uma"), []);
    await people.remember({ ...later, name: "uma", email: "uma", department: "", roles: [] }, "token");
    assert.deepEqual(await people.byEmail(uma.email), [{ ...later, department: "Sales", roles: ["user"] }]);
    const service = {
      id: "0oa1",
      email: "0oa1",
      emailIsVerified: false,
      name: "0oa1",
      department: "",
      roles: ["sync", "user"],
    };
    await people.remember(service, "service");
    assert.deepEqual(await people.byEmail("0oa1"), [service]);
  });

  it("have the address in the place of a name that Okta does not have, and services are named as such", async () => {
    await people.remember({ ...uma, id: "00u3", email: "nameless@example.com", name: "" }, "login");
    const known = await people.byIds(["00u3", "0oa1"]);
    assert.equal(nameAmong(known, "00u3"), "nameless@example.com");
    assert.equal(nameAmong(known, "0oa1"), "the service 0oa1");
    assert.equal(nameAmong(known, "00u4"), "an unknown user");
    assert.equal((await people.byEmail("nameless@example.com"))[0]?.name, "nameless@example.com");
  });

  it("are found by id, those that there are", async () => {
    const found = await people.byIds(["00u1", "00u2", "'"]);
    assert.deepEqual([...found.keys()], ["00u1"]);
    assert.equal((await people.byIds([])).size, 0);
  });

  it("who have the same address are all found by it", async () => {
    await people.remember({ ...uma, id: "00u9", email: "UMA@example.com" }, "login");
    const ids = async () => (await people.byEmail(uma.email)).map(({ id }) => id);
    assert.deepEqual(await ids(), ["00u1", "00u9"]);
    await people.remember({ ...uma, id: "00u9", email: "other@example.com" }, "login");
    assert.deepEqual(await ids(), ["00u1"]);
  });

  it("have the verified address of their last login, and no other", async () => {
    const verified = async (email: string) => (await people.byEmail(email)).map((person) => person.emailIsVerified);
    await people.remember({ ...uma, emailIsVerified: false }, "login");
    assert.deepEqual(await verified(uma.email), [false]);
    await people.remember(uma, "login");
    assert.deepEqual(await verified(uma.email), [true]);
    // As a process of the version before stores a login with another address.
    await db.update(table).set({ email: "moved@example.com" }).where(eq(table.id, uma.id));
    assert.deepEqual([await verified(uma.email), await verified("MOVED@example.com")], [[], [false]]);
  });
});

describeOnEachEngine("people of the directory", (db) => {
  const people = peopleStore(db, { roleMap: undefined, attributes: ["level"] });
  const rows = new DirectoryRows(db);

  before(async () => {
    await rows.follow(0);
    for (const name of ["user", "admin"]) await rows.group(`g-${name}`, name);
    await rows.group("g-app", "auditor", "APP_GROUP");
    await rows.user("00u1", { email: "Uma@Example.com", name: "Uma Underhill" }, ["g-user", "g-app", "g-admin"]);
    await rows.user("00u2", { email: "uma@example.com", name: "Uma Before", goneAt: new Date() }, []);
    await rows.user("00u3", { email: "uma@example.com", name: "Uma of a login", status: null, groupsRead: 0 });
  });

  it("are found by an address that they have now, with the roles that their groups give", async () => {
    assert.deepEqual(await people.byEmail("uma@EXAMPLE.com"), [
      {
        ...{ id: "00u1", email: "Uma@Example.com", emailIsVerified: true },
        ...{ name: "Uma Underhill", department: "Sales", roles: ["admin", "user"] },
      },
    ]);
    await rows.user("00u2", { goneAt: null });
    const both = await people.byEmail("uma@example.com");
    assert.deepEqual(
      both.map(({ id, emailIsVerified }) => [id, emailIsVerified]),
      [
        ["00u1", false],
        ["00u2", false],
      ],
    );
    await rows.user("00u2", { goneAt: new Date() });
  });

  it("have no role as long as their profile has a value that policies cannot rely on", async () => {
    const attributes = { level: { unusable: "an object" } };
    await rows.user("00u4", { email: "odd@example.com", attributes }, ["g-user"]);
    const roles = async () => (await people.byEmail("odd@example.com")).map((person) => person.roles);
    assert.deepEqual(await roles(), [[]]);
    await rows.user("00u4", { attributes: { level: 3 } });
    assert.deepEqual(await roles(), [["user"]]);
  });

  it("are not looked for in Okta where they are services, which are no tombstones when they are there", async () => {
    const service = { id: "0oa2", email: "0oa2", emailIsVerified: false, name: "0oa2", department: "", roles: [] };
    // As the first load leaves a service that an earlier version of the app took for a user.
    await rows.user("0oa2", { status: "DEPROVISIONED", email: "0oa2", name: "0oa2", goneAt: new Date() }, []);
    await people.remember(service, "service");
    assert.equal(await personIn(db, "0oa2"), "unread -");
    await endLoad(db, "2026-01-01T00:00:00.000Z");
    assert.deepEqual(await inbox(db), ["user 00u3 load"]);
    assert.equal(nameAmong(await people.byIds(["0oa2"]), "0oa2"), "the service 0oa2");
    assert.deepEqual(await people.byEmail("0oa2"), []);
  });

  it("keep their names when they are gone", async () => {
    assert.equal(nameAmong(await people.byIds(["00u2"]), "00u2"), "Uma Before");
  });

  it("are found for a search by their names when they are gone, after the others, and not by their address", async () => {
    const found = async (text: string) =>
      (await people.matching(text, 5)).map(({ person, by, isGone }) => [person.id, by, isGone]);
    assert.deepEqual((await found("uma")).at(-1), ["00u2", "part of a name", true]);
    assert.deepEqual(await found("uma before"), [["00u2", "name", true]]);
    assert.deepEqual(await found("00u2"), [["00u2", "id", true]]);
    assert(!(await found("uma@example.com")).some(([id]) => id === "00u2"));
  });
});
