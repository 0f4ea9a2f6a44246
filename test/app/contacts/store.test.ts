import assert from "node:assert/strict";
import { listQuery, sortKeys } from "../../../app/contacts/list-query.js";
import { contactStore, DuplicateEmailError } from "../../../app/contacts/store.js";
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
    assert.deepEqual(rest, { ...given, ...access, version: 1 });
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
      assert.equal(await store.count({ q }, permitted), 1);
    }
    assert.equal(await store.count({ q: "somebody else" }, permitted), 0);
    assert.equal(await store.count({ q: "" }, condition`false`), 0);
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
      assert((await store.count({ q }, all)) >= 1);
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
    const total = await store.count({ q: "" }, all);
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

  it("are not seeded where there are some", async () => {
    const before = await store.count({ q: "" }, all);
    await seedContacts(db);
    assert.equal(await store.count({ q: "" }, all), before);
  });
});
