import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { verify } from "../../../../app/audit/seal/verify.js";
import { addRecords } from "../../../../app/audit/write/insert.js";
import { sealLog } from "../../../support/audit/sample-log.js";
import { checkRecord, rowsOf, sampleRecord } from "../../../support/audit/sample-records.js";
import { createContact } from "../../../support/contacts/contacts.js";
import { json } from "../../../support/http/answers.js";
import type { Client } from "../../../support/http/client.js";
import { pageIn, textOf } from "../../../support/http/page.js";
import { useInProcess } from "../../../support/stack/in-process.js";

const html = { Accept: "text/html" };

/** A record as JSON, with the members that these tests look at. */
interface RecordJson {
  readonly id: string;
  readonly source: string;
  readonly askedBy: string | null;
  readonly checks: { readonly kind: string; readonly id: string; readonly effects: object }[] | null;
}

describe("what is asked ahead", function () {
  this.timeout(120_000);
  const app = useInProcess();
  let user: Client;
  let admin: Client;
  let contactId: string;

  const search = async (query: string): Promise<RecordJson[]> => {
    await app.decisionLog.flush();
    return json<{ decisions: RecordJson[] }>(await admin.get(`/audit?${query}`)).decisions;
  };

  before(async () => {
    user = await app.as("00uuser", "user", "Sales");
    admin = await app.as("00uadmin", "admin", "");
    contactId = (await createContact(user)).id;
    pageIn(await user.get(`/contacts/${contactId}`, html));
  });

  it("is one record of a page, with each resource and what may be done with it", async () => {
    const [record, afterCreation, ...others] = await search("person=00uuser&asked=ahead");
    assert.deepEqual(others, []);
    assert.deepEqual(afterCreation?.checks, [
      { kind: "contact", id: contactId, effects: { read: "allow", share: "allow" } },
    ]);
    assert.equal(record?.source, "check");
    assert.deepEqual(record?.checks, [
      {
        kind: "contact",
        id: contactId,
        effects: { update: "allow", share: "allow", transfer: "allow", delete: "allow" },
      },
      { kind: "decision", id: "*", effects: { list: "deny" } },
      { kind: "contact", id: "new", effects: { create: "allow", list: "allow" } },
      { kind: "directory", id: "*", effects: { list: "deny" } },
    ]);
  });

  it("is found by person and time, and not by contact, action or effect", async () => {
    const [{ id } = { id: "" }] = await search("person=00uuser&asked=ahead");
    for (const query of ["person=00uuser", "asked=ahead", "asked=any&from=2026-01-01", ""]) {
      assert.ok(
        (await search(query)).some((found) => found.id === id),
        query,
      );
    }
    for (const query of [`contact=${contactId}`, "action=update", "effect=allow", "effect=deny", "asked=tried"]) {
      assert.ok(!(await search(query)).some((found) => found.id === id), query);
    }
  });

  it("is not on the audit page, until it is asked for", async () => {
    const [{ id } = { id: "" }] = await search("person=00uuser&asked=ahead");
    const link = `href="/audit/${id}"`;
    for (const [query, isShown] of [
      ["", false],
      ["?person=00uuser", false],
      ["?asked=tried", false],
      ["?asked=ahead", true],
      ["?asked=any", true],
    ] as const) {
      const page = pageIn(await admin.get(`/audit${query}`, html));
      assert.equal(page.includes(link), isShown, query);
      // What was asked ahead is in no chart.
      assert.equal(page.includes("<figure"), query !== "?asked=ahead", query);
    }
    const rows = textOf(pageIn(await admin.get("/audit?asked=ahead&person=00uuser", html)));
    assert.match(rows, /6 actions on contact, decision, directory × 4 6 of 8 allowed asked ahead/);
  });

  it("has a page that says what was asked and answered", async () => {
    const [{ id } = { id: "" }] = await search("person=00uuser&asked=ahead");
    const text = textOf(pageIn(await admin.get(`/audit/${id}`, html)));
    assert.match(text, /8 questions asked ahead for \S.*, 6 answered with yes/);
    assert.match(text, /contact Test Person delete, share, transfer, update/);
    assert.match(text, /decision as a whole none list/);
  });

  it("is in exports, and its records are sealed and verify", async () => {
    const csv = (await admin.get("/audit/export?format=csv&asked=ahead&person=00uuser")).body;
    assert.match(csv, /,checks,counts,asked_by,reason,address,outer_request_id,repeats\r\n/);
    assert.ok(csv.includes(`""id"":""${contactId}""`), csv);
    await sealLog(app.database.db);
    assert.deepEqual((await verify(app.database.db)).findings, []);
  });

  it("says who asked how a contact would be, as on the page for a transfer", async () => {
    const asker = await app.as("00uasker", "user", "Sales");
    const { id } = await createContact(asker, { visibility: "private" });
    pageIn(await asker.get(`/contacts/${id}/transfer`, html));
    const asked = await search("person=00uasker&asked=ahead");
    const found = asked.filter(({ askedBy }) => askedBy !== null);
    assert.deepEqual(
      found.map(({ askedBy, checks }) => [askedBy, checks]),
      [["00uasker", [{ kind: "contact", id, effects: { read: "deny" } }]]],
    );
    const page = textOf(pageIn(await admin.get(`/audit/${found[0]?.id}`, html)));
    assert.match(page, /1 question asked by \S.* about what might be, 0 answered with yes/);
    const rows = textOf(pageIn(await admin.get("/audit?asked=ahead&person=00uasker", html)));
    assert.match(rows, /asked by /);
  });

  it("does not count an allowing rule that was overridden as the one that decided", async () => {
    const record = sampleRecord(1, { effect: "deny", rules: ["users-see-what-is-everyones"] });
    await addRecords(app.database.db, rowsOf([record]));
    const page = pageIn(await admin.get(`/audit/${record.id}`, html));
    assert(!/Rules? that decided/.test(page));
    assert.match(textOf(page), /no rule of .* allows it/);
    const allowed = sampleRecord(2, { effect: "allow", rules: ["users-see-what-is-everyones"] });
    await addRecords(app.database.db, rowsOf([allowed]));
    assert.match(
      textOf(pageIn(await admin.get(`/audit/${allowed.id}`, html))),
      /Rule that decided users-see-what-is-everyones/,
    );
  });

  it("hides no change from a contact's page, however often the contact is listed afterwards", async () => {
    const views = Array.from({ length: 10_000 }, (_, n) => [
      sampleRecord(n, { source: "filter", resource: { kind: "contact", id: "*" }, action: "list" }),
      checkRecord(n, [{ kind: "contact", id: contactId, effects: { list: "allow", update: "allow" } }]),
      // As the version before wrote it.
      {
        ...sampleRecord(n, { resource: { kind: "contact", id: contactId }, action: "update" }),
        source: "can" as never,
      },
    ]);
    const time = new Date(Date.now() + 60_000).toISOString();
    for (let n = 0; n < views.length; n += 500) {
      const later = views
        .slice(n, n + 500)
        .flat()
        .map((record) => ({ ...record, id: randomUUID(), time }));
      await addRecords(app.database.db, rowsOf(later));
    }
    const page = textOf(pageIn(await admin.get(`/contacts/${contactId}`, html)));
    assert.match(page, /added Test Person/);
  });
});
