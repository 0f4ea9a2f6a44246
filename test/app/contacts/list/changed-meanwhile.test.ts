import assert from "node:assert/strict";
import { eq, type SQL, sql } from "drizzle-orm";
import { findContacts } from "../../../../app/contacts/list/find.js";
import { listQuery } from "../../../../app/contacts/list/query.js";
import type { Db } from "../../../../app/db/database.js";
import { contacts } from "../../../../app/db/schema.js";
import { condition } from "../../../support/database/condition.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";

/** More than are found at once: see `MOST_COUNTED`. */
const MANY = 1_100;

describeOnEachEngine("a list whose contacts change while it is made", (db) => {
  const permitted = [condition`owner_id = 'me'`, condition`visibility = 'everyone'`];
  const context = { asker: { id: "me", department: "" } };

  afterEach(() => db.execute(sql`truncate contacts`));

  async function add(lastName: string, ownerId: string, visibility: "private" | "everyone"): Promise<void> {
    await db.insert(contacts).values({ firstName: "", lastName, ownerId, visibility });
  }

  /** The names on the first page of two. @param change - is made when the contacts have been found, and not yet read */
  async function pageOfTwo(change: Partial<typeof contacts.$inferInsert>, lastName: string) {
    let isMade = false;
    const execute = async (statement: SQL) => {
      const answer = await db.execute(statement);
      if (!isMade) await db.update(contacts).set(change).where(eq(contacts.lastName, lastName));
      isMade = true;
      return answer;
    };
    const changing = Object.create(db, { execute: { value: execute } }) as Db;
    const page = await findContacts(changing, listQuery.parse({ limit: "2" }), permitted, context);
    return { names: page.contacts.map((contact) => contact.lastName), isLast: page.next === null };
  }

  it("has none that may not be seen any more, and goes on with those behind it", async () => {
    for (const name of ["A", "B", "C", "D"]) await add(name, "me", "private");
    const page = await pageOfTwo({ ownerId: "other" }, "B");
    assert.deepEqual(page, { names: ["A", "C"], isLast: false });
  });

  it("has none that is not asked for any more", async () => {
    for (const name of ["A", "B", "C"]) await add(name, "other", "everyone");
    const page = await pageOfTwo({ visibility: "private" }, "A");
    assert.deepEqual(page, { names: ["B", "C"], isLast: true });
  });

  it("has none twice that may be seen for another reason now", async () => {
    await db.execute(
      sql`insert into contacts (first_name, last_name, owner_id, visibility)
        select '', 'N' || n, 'me', 'private' from generate_series(1, ${MANY}::int) as n`,
    );
    await add("A", "other", "everyone");
    const page = await pageOfTwo({ ownerId: "me", visibility: "private" }, "A");
    assert.deepEqual(page, { names: ["A", "N1"], isLast: false });
  });
});
