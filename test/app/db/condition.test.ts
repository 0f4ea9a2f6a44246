import assert from "node:assert/strict";
import { and, sql } from "drizzle-orm";
import { asSql } from "../../../app/db/condition.js";
import type { Filter } from "../../../middleware/index.js";
import { toSql } from "../../../middleware/sql/index.js";
import { condition } from "../../support/database/condition.js";
import { describeOnEachEngine } from "../../support/database/suites.js";
import { attribute, call, literal } from "../../support/middleware/expressions.js";

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

  it("name columns that look like placeholders", async () => {
    await db.execute(sql`create table offers as select n::float8 as "price$1" from generate_series(1, 3) as n`);
    const filter: Filter = { decision: "conditional", condition: call("eq", attribute("price"), literal(2)) };
    const columns = { price: { type: "number", column: "price$1", nulls: "never" } } as const;
    const permitted = asSql(toSql(filter, { table: "offers", columns }));
    const query = sql`select "price$1" as price from offers where ${permitted} and ${"after"}::text = 'after'`;
    const { rows } = (await db.execute(query)) as unknown as { rows: unknown[] };
    assert.deepEqual(rows, [{ price: 2 }]);
  });
});
