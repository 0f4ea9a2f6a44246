import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { listQuery, sortKeys } from "../../../app/contacts/list/query.js";
import { contactStore, DuplicateEmailError } from "../../../app/contacts/store.js";
import { rowsOf } from "../../../app/db/database.js";
import { contacts } from "../../../app/db/schema.js";
import { seedContacts } from "../../../app/demo/seed.js";
import { allowedChange } from "../../support/audit/allowed-change.js";
import { unknownId } from "../../support/contacts/contacts.js";
import { condition } from "../../support/database/condition.js";
import { describeOnEachEngine } from "../../support/database/suites.js";

const emptyFields = { email: "", phone: "", company: "", title: "", notes: "", visibility: "everyone" } as const;
const ownedBy = (id: string) => ({ id, department: "Sales" });
/** The condition for a user who may see everything. */
const all = condition`true`;

describeOnEachEngine("contacts", (db) => {
  const store = contactStore(db);

  it("are stored with what was given, an owner, times and version 1", async () => {
    const given = { ...emptyFields, firstName: "Zoë", lastName: "O'Hara; --", notes: 'a "b"\n%_\\ \u{1f30d}' };
    const created = await store.create(given, ownedBy("owner"), allowedChange(db));
    const { id, createdAt, updatedAt, ...rest } = created;
    const access = { ownerId: "owner", department: "Sales", sharedWith: [], editors: [], managers: [] };
    assert.deepEqual(rest, { ...given, ...access, tags: [], version: 1 });
    assert.equal(createdAt.getTime(), updatedAt.getTime());
    assert.deepEqual(await store.get(id), created);
  });

  it("are changed only in the version that was meant, and only in the fields that are given", async () => {
    const { id, firstName } = await store.create(
      { ...emptyFields, firstName: "A", lastName: "B" },
      ownedBy("owner"),
      allowedChange(db),
    );
    const changed = await store.update(id, 1, { lastName: "C" }, allowedChange(db));
    assert.equal(changed?.lastName, "C");
    assert.equal(changed?.firstName, firstName);
    assert.equal(changed?.version, 2);
    assert(changed.updatedAt >= changed.createdAt);
    assert.equal(await store.update(id, 1, { lastName: "D" }, allowedChange(db)), undefined);
    assert.equal((await store.get(id))?.lastName, "C");
  });

  it("let exactly one of many simultaneous changes of a version win", async () => {
    const { id } = await store.create(
      { ...emptyFields, firstName: "A", lastName: "B" },
      ownedBy("owner"),
      allowedChange(db),
    );
    const changes = Array.from({ length: 50 }, (_, i) => store.update(id, 1, { notes: String(i) }, allowedChange(db)));
    const winners = (await Promise.all(changes)).filter((contact) => contact !== undefined);
    assert.equal(winners.length, 1);
    assert.deepEqual(await store.get(id), winners[0]);
  });

  it("are deleted only in the version that was meant", async () => {
    const { id } = await store.create(
      { ...emptyFields, firstName: "A", lastName: "B" },
      ownedBy("owner"),
      allowedChange(db),
    );
    assert.equal(await store.remove(id, 2, allowedChange(db)), false);
    assert.equal(await store.remove(id, 1, allowedChange(db)), true);
    assert.equal(await store.get(id), undefined);
    assert.equal(await store.remove(id, 1, allowedChange(db)), false);
    assert.equal(await store.update(id, 1, { notes: "" }, allowedChange(db)), undefined);
  });

  it("do not exist under ids that are unknown or none", async () => {
    for (const id of [unknownId, "", "1", "' or true --", "\0", `${unknownId}0`]) {
      assert.equal(await store.get(id), undefined);
    }
  });

  it("have an e-mail address once an owner, in any case; an empty one is no address", async () => {
    const a = { ...emptyFields, firstName: "A", lastName: "B", email: "once@example.com" };
    const { id } = await store.create(a, ownedBy("one"), allowedChange(db));
    await assert.rejects(
      store.create({ ...a, email: "ONCE@example.com" }, ownedBy("one"), allowedChange(db)),
      DuplicateEmailError,
    );
    const other = await store.create({ ...a, email: "" }, ownedBy("one"), allowedChange(db));
    await store.create({ ...a, email: "" }, ownedBy("one"), allowedChange(db));
    await store.create(a, ownedBy("another"), allowedChange(db));
    await assert.rejects(
      store.update(other.id, 1, { email: "Once@example.com" }, allowedChange(db)),
      DuplicateEmailError,
    );
    assert.equal((await store.update(id, 1, { email: "ONCE@example.com" }, allowedChange(db)))?.version, 2);
  });

  it("are listed and counted only as far as the condition permits", async () => {
    const { id } = await store.create(
      { ...emptyFields, firstName: "Per", lastName: "Mitted" },
      ownedBy("permitted"),
      allowedChange(db),
    );
    const permitted = condition`contacts.owner_id = ${"permitted"} or false`;
    for (const q of ["", "mitted"]) {
      const { contacts } = await store.list(listQuery.parse({ q }), permitted);
      assert.deepEqual(
        contacts.map((contact) => contact.id),
        [id],
      );
      assert.equal((await store.list(listQuery.parse({ q }), permitted)).total, 1);
    }
    assert.equal((await store.list(listQuery.parse({ q: "somebody else" }), permitted)).total, 0);
    assert.equal((await store.list(listQuery.parse({ q: "" }), condition`false`)).total, 0);
  });

  it("change hands and access like everything else: in the version that was meant, and never half", async () => {
    const a = { ...emptyFields, firstName: "A", lastName: "B", email: "given@example.com" };
    const { id } = await store.create(a, ownedBy("giver"), allowedChange(db));
    await store.create(a, ownedBy("taker"), allowedChange(db));
    const shared = { sharedWith: ["x", "y"], editors: ["y"] };
    assert.deepEqual({ ...(await store.update(id, 1, shared, allowedChange(db))), ...shared }, await store.get(id));
    assert.equal(await store.update(id, 1, { visibility: "team" }, allowedChange(db)), undefined);
    await assert.rejects(
      store.update(id, 2, { ownerId: "taker", department: "" }, allowedChange(db)),
      DuplicateEmailError,
    );
    // The database itself refuses these.
    await assert.rejects(store.update(id, 2, { editors: ["z"] }, allowedChange(db)));
    await assert.rejects(store.update(id, 2, { visibility: "nobody" as never }, allowedChange(db)));
    const now = await store.get(id);
    assert.deepEqual([now?.version, now?.ownerId, now?.visibility], [2, "giver", "everyone"]);
  });

  it("are found by every word, in any field, case aside, and by no wildcard", async () => {
    const { id } = await store.create(
      { ...emptyFields, firstName: "Ünal", lastName: "Find", company: "100% \\_x", email: "find@example.com" },
      ownedBy("finder"),
      allowedChange(db),
    );
    for (const q of ["find", "FIND ünal", "100%", "\\_x", "find@ 100", "example.com ünal"]) {
      const page = await store.list(listQuery.parse({ q }), all);
      assert(
        page.contacts.some((contact) => contact.id === id),
        q,
      );
      assert((await store.list(listQuery.parse({ q }), all)).total >= 1);
    }
    for (const q of ["100_", "find nobody", "%_%x_", "fi%nd"]) {
      const page = await store.list(listQuery.parse({ q }), all);
      assert(!page.contacts.some((contact) => contact.id === id), q);
    }
  });

  it("are listed in every order, page by page, each once", async () => {
    for (let i = 0; i < 30; i++) {
      const company = ["", "same", "Same", "other"][i % 4] ?? "";
      await store.create(
        { ...emptyFields, company, firstName: `P${i % 7}`, lastName: `Q${i % 3}` },
        ownedBy("lister"),
        allowedChange(db),
      );
    }
    const total = (await store.list(listQuery.parse({ q: "" }), all)).total;
    for (const sort of sortKeys.flatMap((key) => [key, `-${key}`])) {
      for (const limit of [1, 7, 100]) {
        const seen: string[] = [];
        let query = listQuery.parse({ sort, limit });
        for (;;) {
          const page = await store.list(query, all);
          seen.push(...page.contacts.map(({ id }) => id));
          if (!page.next) break;
          query = { ...query, after: page.next };
        }
        assert.equal(seen.length, total, `${sort} ${limit}`);
        assert.equal(new Set(seen).size, total, `${sort} ${limit}`);
      }
    }
    const forwards = (await store.list(listQuery.parse({ sort: "created", limit: 100 }), all)).contacts;
    const backwards = (await store.list(listQuery.parse({ sort: "-created", limit: 100 }), all)).contacts;
    assert.deepEqual(backwards.toReversed(), forwards);
    assert.deepEqual(
      forwards.map(({ createdAt }) => createdAt.getTime()),
      forwards.map(({ createdAt }) => createdAt.getTime()).toSorted((a, b) => a - b),
    );
  });

  it("are listed once and in order, whatever part of a condition lets them through, where it lets through many", async () => {
    await db.execute(sql`insert into contacts (first_name, last_name, company, owner_id, visibility)
      select 'Part ' || n, md5(n::text), 'C' || n % 8, 'parted-' || n % 8, 'private' from generate_series(1, 1200) as n`);
    // By company they come after more others than are looked at; by name they are among these.
    await db.execute(sql`insert into contacts (first_name, last_name, company, owner_id, visibility)
      select 'Other ' || n, md5(n::text), 'B', 'other', 'private' from generate_series(1, 4100) as n`);
    const whole = condition`contacts.owner_id like ${"parted-%"}`;
    // More than are counted, some more that overlap with them, and the rest; and a part without rows first. By company, the
    // rest begins or ends the list.
    const many = condition`contacts.owner_id between ${"parted-1"} and ${"parted-7"}`;
    const few = condition`contacts.owner_id between ${"parted-0"} and ${"parted-1"}`;
    for (const parts of [
      [many, few],
      [few, many],
      [condition`false`, many, few],
      [few, few, many],
    ]) {
      for (const [sort, order] of [
        ["name", sql`name_folded, id`],
        ["-name", sql`name_folded desc, id desc`],
        ["company", sql`company_folded, id`],
        ["-company", sql`company_folded desc, id desc`],
        ["created", sql`created_at, id`],
      ] as const) {
        const expected = await rowsOf<{ id: string }>(
          db,
          sql`select id from contacts where owner_id like 'parted-%' order by ${order}`,
        );
        const seen = { whole: [] as string[], parts: [] as string[] };
        for (const [way, permitted] of [
          ["whole", whole],
          ["parts", parts],
        ] as const) {
          let query = listQuery.parse({ sort, limit: 90 });
          for (;;) {
            const page = await store.list(query, permitted);
            assert.equal(page.total, 1_001);
            seen[way].push(...page.contacts.map(({ id }) => id));
            if (!page.next) break;
            query = { ...query, after: page.next };
          }
        }
        const ids = expected.map(({ id }) => id);
        assert.deepEqual(seen, { whole: ids, parts: ids }, sort);
      }
    }
  });

  it("are not seeded where there are some", async () => {
    const before = (await store.list(listQuery.parse({ q: "" }), all)).total;
    await seedContacts(db);
    assert.equal((await store.list(listQuery.parse({ q: "" }), all)).total, before);
  });

  it("are seeded as if they had been made and changed over months, a few of them today", async () => {
    await db.delete(contacts);
    await seedContacts(db);
    const hoursSince = (time: Date) => (Date.now() - time.getTime()) / 3_600_000;
    const seeded = (await store.list(listQuery.parse({ sort: "updated", limit: 100 }), all)).contacts;
    const today = seeded.filter(({ updatedAt }) => hoursSince(updatedAt) < 24);
    assert(today.length > 1 && today.length < 10, `${today.length} today`);
    assert(seeded.every(({ createdAt, updatedAt }) => createdAt < updatedAt && hoursSince(updatedAt) > 0.9));
    assert.equal(new Set(seeded.map(({ updatedAt }) => updatedAt.getTime())).size, seeded.length);
  });
});
