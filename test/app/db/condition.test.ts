import assert from "node:assert/strict";
import { and, sql } from "drizzle-orm";
import { asSql } from "../../../app/db/condition.js";
import { condition } from "../../support/database/condition.js";
import { describeOnEachEngine } from "../../support/database/suites.js";

describeOnEachEngine("conditions of filters", (db) => {
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
