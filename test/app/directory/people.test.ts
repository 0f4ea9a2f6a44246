import assert from "node:assert/strict";
import { peopleStore } from "../../../app/directory/people.js";
import { describeOnEachEngine } from "../../support/database/suites.js";

describeOnEachEngine("people", (db) => {
  const people = peopleStore(db);

  const uma = { id: "00u1", email: "Uma@Example.com", name: "Uma Underhill", department: "Sales", roles: ["user"] };

  it("are found by their address in any case, and by nothing else", async () => {
    await people.remember(uma, "login");
    for (const email of ["Uma@Example.com", "uma@example.com", "UMA@EXAMPLE.COM"]) {
      assert.deepEqual(await people.byEmail(email), uma);
    }
    for (const email of ["", "uma@example.co", "uma_example.com", "%", "' or true --"]) {
      assert.equal(await people.byEmail(email), undefined);
    }
  });

  it("are known as the last login says; a token tells of the department and roles alone, if it has them", async () => {
    const later = { ...uma, name: "Uma Overhill", department: "Support", roles: [] };
    await people.remember(later, "login");
    assert.deepEqual(await people.byEmail(uma.email), later);
    await people.remember({ ...uma, name: "uma", email: "uma" }, "token");
    assert.deepEqual(await people.byEmail(uma.email), { ...later, department: "Sales", roles: ["user"] });
    assert.equal(await people.byEmail("uma"), undefined);
    await people.remember({ ...later, name: "uma", email: "uma", department: "", roles: [] }, "token");
    assert.deepEqual(await people.byEmail(uma.email), { ...later, department: "Sales", roles: ["user"] });
    const service = { id: "0oa1", email: "0oa1", name: "0oa1", department: "", roles: ["sync", "user"] };
    await people.remember(service, "token");
    assert.deepEqual((await people.byIds(["0oa1"])).get("0oa1"), service);
  });

  it("are found by id, those that there are", async () => {
    const found = await people.byIds(["00u1", "00u2", "'"]);
    assert.deepEqual([...found.keys()], ["00u1"]);
    assert.equal((await people.byIds([])).size, 0);
  });

  it("whose address was given on are not found by it any more", async () => {
    await people.remember({ ...uma, id: "00u9", name: "Una" }, "login");
    assert.equal((await people.byEmail(uma.email))?.id, "00u9");
    await people.remember(uma, "login");
    assert.equal((await people.byEmail(uma.email))?.id, "00u1");
  });
});
