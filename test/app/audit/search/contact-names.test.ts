import assert from "node:assert/strict";
import { eq, sql } from "drizzle-orm";
import { contactNames, MAX_CONTACTS_MATCHED } from "../../../../app/audit/search/contact-names.js";
import { contacts, pastContactNames } from "../../../../app/db/schema.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";

const MINUTE_MS = 60_000;

describeOnEachEngine("the names of contacts, for the log,", (db) => {
  const names = contactNames(db);

  afterEach(() => db.execute(sql`truncate contacts, past_contact_names`));

  /** Adds a contact with a name, of which the last word is the last name. @returns its id */
  async function add(name: string, company = ""): Promise<string> {
    const [firstName = "", ...rest] = name.split(" ");
    const added = { firstName, lastName: rest.join(" "), company, ownerId: "00u1" };
    const [contact] = await db.insert(contacts).values(added).returning({ id: contacts.id });
    return contact?.id ?? "";
  }
  const remove = (id: string) => db.delete(contacts).where(eq(contacts.id, id));
  const found = async (text: string) => new Set((await names.matching(text)).ids);

  it("find a contact by whole names and parts of them, in any order, case and accents, also after it was deleted", async () => {
    const bruno = await add("Bruno Castellani", "Acme");
    const zoe = await add("Zoë O’Neill");
    for (const isThere of [true, false]) {
      for (const text of ["Bruno Castellani", "castellani bruno", "CASTELL", "bru tell", "uno"]) {
        assert.deepEqual(await found(text), new Set([bruno]), `${text}, ${isThere}`);
      }
      for (const text of ["zoe", "ZOË O'NEILL", "neill"]) assert.deepEqual(await found(text), new Set([zoe]), text);
      for (const text of ["acme", "bruno%", "b_uno", "\\", "bruno neill", "", "x\0"]) {
        assert.deepEqual(await found(text), new Set(), text);
      }
      for (const id of [bruno, zoe]) await remove(id);
    }
  });

  it("find who has a name exactly, rather than those who have it as a part", async () => {
    const ann = await add("Ann Lee");
    await add("Joann Leeds");
    assert.deepEqual(await found("ann lee"), new Set([ann]));
    assert.equal((await found("ann")).size, 2);
  });

  it("find short words and those of other letters and signs, wherever they are in a name, also after it was deleted", async () => {
    const li = await add("Bo Li");
    const other = await add("Ada Lindberg");
    const wang = await add("小明 王");
    const ivan = await add("Иван Ё.");
    for (const isThere of [true, false]) {
      for (const text of ["bo li", "li bo", "b o i"]) assert.deepEqual(await found(text), new Set([li]), text);
      assert.deepEqual(await found("li"), new Set([li, other]));
      assert.deepEqual(await found("in"), new Set([other]));
      for (const text of ["王", "明", "王小明", "小明 王", "王 明"]) {
        assert.deepEqual(await found(text), new Set(text === "王小明" ? [] : [wang]), text);
      }
      for (const text of ["ИВАН", "ва", "ё", "е.", "ё. ива"])
        assert.deepEqual(await found(text), new Set([ivan]), text);
      assert.deepEqual(await found("明小"), new Set());
      if (isThere) for (const id of [li, other, wang, ivan]) await remove(id);
    }
  });

  it("say when there are too many", async () => {
    for (let n = 0; n <= MAX_CONTACTS_MATCHED; n++) await add(`Many${n} Smith`);
    const { ids, areMore } = await names.matching("smith");
    assert.deepEqual([ids.length, areMore], [MAX_CONTACTS_MATCHED, true]);
  });

  it("are those that a contact had at the time", async () => {
    const id = await add("Bruno Castellani");
    const before = new Date(Date.now() - MINUTE_MS);
    await db.update(contacts).set({ firstName: "B.", version: 2 }).where(eq(contacts.id, id));
    await db.update(contacts).set({ company: "Acme", lastName: "Castellani" }).where(eq(contacts.id, id));
    await db.update(pastContactNames).set({ until: before });
    await remove(id);
    const other = await add("Ada King");
    const now = new Date(Date.now() + MINUTE_MS);
    const said = await names.at([
      { id, time: new Date(before.getTime() - 1) },
      { id, time: new Date(before.getTime() + 1) },
      // After the deletion, by a clock that is ahead.
      { id, time: now },
      { id: other, time: now },
      { id: "new", time: now },
      { id: "00000000-0000-4000-8000-000000000000", time: now },
      { id, time: new Date(Number.NaN) },
    ]);
    assert.deepEqual(said, ["Bruno Castellani", "B. Castellani", "B. Castellani", "Ada King", null, null, null]);
    assert.deepEqual(await found("bruno castellani"), new Set([id]));
    assert.equal((await db.select().from(pastContactNames)).length, 2, "a change of something else keeps no name");
  });

  it("are kept with the change, and not when it fails", async () => {
    const id = await add("Bruno Castellani");
    await assert.rejects(
      db.transaction(async (tx) => {
        await tx.delete(contacts).where(eq(contacts.id, id));
        throw new Error("no");
      }),
      /no/,
    );
    assert.deepEqual(await db.select().from(pastContactNames), []);
  });
});
