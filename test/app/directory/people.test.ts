import assert from "node:assert/strict";
import { and, sql } from "drizzle-orm";
import { asSql } from "../../../app/db/condition.js";
import type { Db } from "../../../app/db/database.js";
import { type People, peopleStore } from "../../../app/directory/people.js";
import { condition } from "../../support/database/condition.js";
import { engines } from "../../support/database/engines.js";
import { withDatabase } from "../../support/database/suites.js";

for (const [engine, open] of Object.entries(engines)) {
  describe(`people on ${engine}`, function () {
    this.timeout(90_000);
    let people: People;
    withDatabase(open, (db) => {
      people = peopleStore(db);
    });

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

    it("are known as the last login says; a token tells of the department and roles alone", async () => {
      const later = { ...uma, name: "Uma Overhill", department: "Support", roles: [] };
      await people.remember(later, "login");
      assert.deepEqual(await people.byEmail(uma.email), later);
      await people.remember({ ...uma, name: "uma", email: "uma" }, "token");
      assert.deepEqual(await people.byEmail(uma.email), { ...later, department: "Sales", roles: ["user"] });
      assert.equal(await people.byEmail("uma"), undefined);
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

  describe(`conditions of filters on ${engine}`, function () {
    this.timeout(90_000);
    let db: Db;
    withDatabase(open, (opened) => {
      db = opened;
    });

    it("hold together, with any condition that they are joined with", async () => {
      const either = asSql(condition`true or ${true}::boolean`);
      const query = sql`select 1 as one where ${and(either, sql`false`)} or ${and(sql`false`, either)}`;
      const { rows } = (await db.execute(query)) as unknown as { rows: unknown[] };
      assert.deepEqual(rows, []);
    });

    it("go into a query with others, with any number and order of placeholders, lists included", async () => {
      const [text, list] = ["a'$1", ["x", "{y}", '"', "$2"] as never];
      const permitted = asSql(
        condition`${true}::boolean and ${text}::text = ${text}::text and ${2}::int = 2
          and cardinality(${list}::text[]) = 4 and ${text}::text = (${[text] as never}::text[])[1]
          and (${list}::text[])[4] = '$'||${2}::text and '$1' <> '$2'`,
      );
      const query = sql`select ${"before"}::text as before where ${permitted} and ${"after"}::text = 'after'`;
      const { rows } = (await db.execute(query)) as unknown as { rows: unknown[] };
      assert.deepEqual(rows, [{ before: "before" }]);
    });
  });
}
