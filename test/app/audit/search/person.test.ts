import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { findPerson } from "../../../../app/audit/search/person.js";
import { decisionStore } from "../../../../app/audit/search/store.js";
import { people as table } from "../../../../app/db/schema.js";
import { peopleStore } from "../../../../app/directory/people.js";
import { addSampleRecords } from "../../../support/audit/sample-log.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";

describeOnEachEngine("whom a search is about,", (db) => {
  const people = peopleStore(db);
  const store = decisionStore(db);
  const find = (text: string) => findPerson(people, store, text);
  const uma = {
    id: "00u1",
    email: "uma@example.com",
    emailIsVerified: true,
    name: "Uma Underhill",
    department: "Sales",
    roles: ["user"],
  };
  /** What a search finds of somebody. */
  const found = ({ id, email, name, department }: typeof uma) => ({ id, person: { id, email, name, department } });
  const una = { ...uma, id: "00u2", email: "una@example.com", name: "Una Under_hill" };

  before(async () => {
    for (const person of [uma, una]) await people.remember(person, "login");
    // A person who has used an access token, and has never logged in.
    await addSampleRecords(db, 1, { principal: { id: "00u3", roles: ["user"] } });
  });

  it("is found by id, address, name and a part of a name", async () => {
    for (const text of ["00u1", "UMA@example.com", "uma underhill", "Uma", "underh"]) {
      assert.deepEqual(await find(text), found(uma), text);
    }
    assert.deepEqual(await find("r_h"), found(una), "a _ stands for itself");
  });

  it("is not guessed when several could be meant", async () => {
    const message = "“under” could be Una Under_hill (una@example.com), Uma Underhill (uma@example.com). ";
    assert.deepEqual(await find("under"), { message: `${message}Search for one of the e-mail addresses.` });
  });

  it("is found whatever the accents of the name, and the form of the address", async () => {
    const jorg = { ...uma, id: "00u5", email: "jörg@köln.example", name: "Jörg O’Neill" };
    await people.remember(jorg, "login");
    for (const text of ["jorg", "JO\u0308RG O'NEILL", "JÖRG@xn--kln-sna.example", "jo\u0308rg@KÖLN.example"])
      assert.deepEqual(await find(text), found(jorg), text);
  });

  it("is not guessed when several have the address", async () => {
    for (const id of ["00u7", "00u6"])
      await people.remember(
        { ...uma, id, email: "Same@example.com", name: id === "00u6" ? "Twin A" : "Twin B" },
        "login",
      );
    const message = "“same@EXAMPLE.com” could be Twin A (00u6), Twin B (00u7). Search for one of the ids.";
    const { message: said } = (await find("same@EXAMPLE.com")) as { message: string };
    assert.deepEqual(said.split(/[ ,.]+/).sort(), message.split(/[ ,.]+/).sort());
  });

  it("may have been decided about without any login", async () => {
    assert.deepEqual(await find("00u3"), { id: "00u3" });
    for (const text of ["00U3", "00u", "%", "00u4"]) {
      assert.deepEqual(await find(text), { message: `Nobody called “${text}” has logged in here.` });
    }
  });

  it("may be nobody", async () => {
    assert.deepEqual(await find("Nobody"), { id: null });
  });

  it("may have left, and is named by the id then, as the address may be another's", async () => {
    const gone = { ...uma, id: "00u9", name: "Gone Goodbye", email: "gone@example.com" };
    const other = { ...uma, id: "00u8", name: "Gonelle Goodbye", email: "gonelle@example.com" };
    for (const person of [gone, other]) await people.remember(person, "login");
    await db.update(table).set({ goneAt: new Date() }).where(eq(table.id, gone.id));
    assert.deepEqual(await find("gone goodbye"), found(gone));
    assert.deepEqual(await find("goodbye"), {
      message:
        "“goodbye” could be Gonelle Goodbye (00u8), Gone Goodbye (00u9, deactivated). Search for one of the ids.",
    });
    assert.deepEqual(await find(gone.email), { message: "Nobody called “gone@example.com” has logged in here." });
  });
});
