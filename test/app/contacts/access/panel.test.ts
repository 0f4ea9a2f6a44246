import assert from "node:assert/strict";
import { asc, sql } from "drizzle-orm";
import type { Panel, PersonAccess } from "../../../../app/contacts/access/panel.js";
import { decisions } from "../../../../app/db/schema.js";
import { tryPanels } from "../../../support/access/brute-force.js";
import { createContact } from "../../../support/contacts/contacts.js";
import { useFollowedApp } from "../../../support/directory/followed-app.js";
import { json, problemIn } from "../../../support/http/answers.js";
import { pageIn, textOf } from "../../../support/http/page.js";

const html = { Accept: "text/html" };
const SEED = Number(process.env.SEED ?? (process.env.CI ? 1 : Date.now() % 1_000_000));
const SMALL = { contacts: 4, people: 18 };

describe("the panel of who may do what with a contact", function () {
  this.timeout(120_000);
  const { app, rows, alice, uma, audrey, nina, stranger } = useFollowedApp();
  const panelOf = async (id: string) => json<Panel>(await uma.get(`/contacts/${id}/access`));

  afterEach(async () => {
    await app.database.db.execute("delete from contacts");
  });

  it("is for those who may share the contact", async () => {
    const path = `/contacts/${(await createContact(uma)).id}/access`;
    for (const client of [uma, alice]) assert.equal((await client.get(path)).status, 200);
    await rows.user("00rob", {}, ["g-user"]);
    const rob = await app.as("00rob", "none", "");
    assert.equal((await rob.get(path.replace("/access", ""))).status, 200);
    for (const client of [rob, audrey, nina]) problemIn(await client.get(path), 403);
    problemIn(await stranger.get(path), 401);
    problemIn(await uma.get(`${path}?q=${"x".repeat(201)}`), 400);
  });

  it("groups people by what they are to the contact, with what the PDP lets each do", async () => {
    await rows.user("00rob", { name: "Rob Reader" }, ["g-user"]);
    await rows.user("00eve", { name: "Eve Editor", department: "Support" }, ["g-user"]);
    await rows.user("00max", { name: "Max Manager", department: "Support" }, ["g-user"]);
    await rows.reporting("00uma", ["00max"]);
    const { id } = await createContact(uma, { visibility: "team" });
    const share = { email: "00eve@test.example", as: "editor" };
    assert.equal((await uma.post(`/contacts/${id}/share`, share, { "If-Match": "*" })).status, 200);
    const { groups, withoutRole, refused, audiences } = await panelOf(id);
    const shown = groups.map(({ standing, count, people, may }) => [
      ...[standing, count, people.map(({ name }) => name).join()],
      Object.entries(may)
        .flatMap(([action, allowed]) => (allowed ? [action] : []))
        .join(),
    ]);
    assert.deepEqual(shown, [
      ["owner", 1, "Uma Test", "read,update,share,transfer,delete"],
      ["editor", 1, "Eve Editor", "read,update"],
      ["manager", 1, "Max Manager", "read,transfer"],
      ["administrator", 1, "Alice Test", "read,update,share,transfer,delete"],
      ["team", 1, "Rob Reader", "read"],
    ]);
    // Nina has no role, and Audrey's has no access.
    assert.deepEqual([withoutRole, refused], [1, 1]);
    assert.deepEqual(audiences.private, { readers: 4, gained: 0, lost: 1 });
    assert.deepEqual(audiences.team, { readers: 5, gained: 0, lost: 0 });
    const page = textOf(pageIn(await uma.get(`/contacts/${id}/access`, html)));
    assert.match(page, /Visible to the Sales team ?\. 5 people can view it\./);
    assert.match(page, /Sales team Rob Reader 00rob@test\.example may view may not/);
    assert.match(page, /1 person has no role in this CRM\./);
    await rows.reporting("00uma", []);
  });

  it("finds others by name or address, those without a role by the whole address alone", async () => {
    const { id } = await createContact(uma);
    const found = async (q: string) =>
      json<{ found: PersonAccess[] }>(await uma.get(`/contacts/${id}/access?q=${q}`)).found.map((one) => [
        ...[one.name, one.standing, one.may.read],
      ]);
    assert.deepEqual(await found("alice"), [["Alice Test", "administrator", true]]);
    assert.deepEqual(await found("nina"), []);
    assert.deepEqual(await found("00nina@test.example"), [["Nina Test", "no role", false]]);
    assert.match(
      textOf(pageIn(await uma.get(`/contacts/${id}/access?q=ALICE`, html))),
      /Found .*Alice Test .*Administrators/,
    );
    assert.match(textOf(pageIn(await uma.get(`/contacts/${id}/access?q=nobody`, html))), /Nobody found/);
  });

  it("asks about each kind of people once, and the log says who asked", async () => {
    await app.database.db.execute(sql`insert into people (id, email, name, department, status, groups_read, attributes)
      select '00many' || n, 'many' || n || '@test.example', 'Many ' || n, 'Crowd', 'ACTIVE', 1, '{"costCenter":null,"tags":null}'
      from generate_series(1, 500) n`);
    await app.database.db.execute(sql`insert into directory_memberships (person_id, group_id)
      select '00many' || n, 'g-user' from generate_series(1, 500) n`);
    await rows.user("00rob", {}, ["g-user"]);
    const { id } = await createContact(uma);
    await app.decisionLog.flush();
    const before = await app.database.db.$count(decisions);
    const { groups } = await panelOf(id);
    const crowd = groups.find(({ count }) => count >= 500);
    assert.deepEqual(
      [crowd?.standing, crowd?.people.length, crowd?.may.read, crowd?.may.update],
      ["everyone", 0, true, false],
    );
    await app.decisionLog.flush();
    const records = await app.database.db.select().from(decisions).orderBy(asc(decisions.seq)).offset(before);
    // The guard's, and one of each kind of people.
    assert(records.length > 3 && records.length < 20, `${records.length} records`);
    const asked = records.map(({ record }) => JSON.parse(record)).filter(({ source }) => source === "check");
    for (const { askedBy, principal } of asked) {
      assert.equal(askedBy, "00uma");
      assert(principal.roles.length > 0);
    }
    await app.database.db.execute(sql`delete from people where id like '00many%'`);
    await app.database.db.execute(sql`delete from directory_memberships where person_id like '00many%'`);
    await rows.user("00rob", {}, ["g-user"]);
  });

  // What is in the database then are the people of this test.
  it(`says of everybody what they get when they try (seed ${SEED})`, async () => {
    await app.database.db.execute(sql`delete from people where id not in ('00alice', '00uma', '00audrey', '00nina')`);
    const { cells, allowed } = await tryPanels({ app, rows, admin: alice, seed: SEED, ...SMALL });
    assert.equal(cells, SMALL.contacts * SMALL.people * 5);
    assert(allowed > 0 && allowed < cells);
  });
});
