import assert from "node:assert/strict";
import { type ContactJson, contactIn, createContact } from "../../support/contacts/contacts.js";
import { useFollowedApp } from "../../support/directory/followed-app.js";
import { json, problemIn } from "../../support/http/answers.js";
import type { Client } from "../../support/http/client.js";
import { pageIn, textOf } from "../../support/http/page.js";
import { until } from "../../support/until.js";

const html = { Accept: "text/html" };

describe("contacts of those who report to a user", function () {
  this.timeout(60_000);
  const { app, rows, uma } = useFollowedApp();
  let mia: Client;
  let max: Client;
  let contact: ContactJson;
  const idsFor = async (client: Client) =>
    json<{ contacts: ContactJson[] }>(await client.get("/contacts")).contacts.map(({ id }) => id);

  before(async () => {
    await rows.user("00uma", { name: "Uma Test", email: "uma@test.example" });
    for (const id of ["00mia", "00max"])
      await rows.user(id, { name: `${id} Test`, department: "Elsewhere" }, ["g-user"]);
    mia = await app.as("00mia", "none", "");
    max = await app.as("00max", "none", "");
  });
  beforeEach(async () => {
    await rows.reporting("00uma", ["00mia", "00max"]);
    contact = await createContact(uma, { lastName: "Secret", visibility: "private" });
  });
  afterEach(async () => {
    await app.database.db.execute("delete from contacts");
  });

  it("are listed and read, private ones too, by managers of any distance, and by nobody else", async () => {
    const other = await createContact(max, { visibility: "private" });
    assert.deepEqual(await idsFor(mia), [contact.id]);
    assert.deepEqual((await idsFor(max)).toSorted(), [contact.id, other.id].toSorted());
    assert.deepEqual(await idsFor(uma), [contact.id]);
    for (const client of [mia, max]) assert.equal((await client.get(`/contacts/${contact.id}`)).status, 200);
    for (const client of [mia, uma]) problemIn(await client.get(`/contacts/${other.id}`), 403);
  });

  it("are shown as theirs, without whom their owner reports to besides", async () => {
    const list = textOf(pageIn(await mia.get("/contacts", html)));
    assert.match(list, /1 contact .*Uma Test/);
    assert.match(
      textOf(pageIn(await mia.get(`/contacts/${contact.id}`, html))),
      /You see this because Uma Test reports to you\. You may view and transfer it\./,
    );
    assert.doesNotMatch(textOf(pageIn(await uma.get(`/contacts/${contact.id}`, html))), /reports to you/);
    for (const answer of [await mia.get("/contacts"), await mia.get(`/contacts/${contact.id}`)]) {
      assert.doesNotMatch(answer.body, /managers|00max/);
    }
    assert.doesNotMatch((await uma.get(`/contacts/${contact.id}`)).body, /managers|00mia/);
  });

  it("are transferred, and neither changed, nor deleted, nor shared", async () => {
    const path = `/contacts/${contact.id}`;
    const match = { "If-Match": '"1"' };
    problemIn(await mia.patch(path, { title: "x" }, match), 403);
    problemIn(await mia.delete(path), 403);
    problemIn(await mia.post(`${path}/share`, { email: "00max@test.example", as: "viewer" }, match), 403);
    problemIn(await mia.post(`${path}/visibility`, { visibility: "everyone" }, match), 403);
    const given = contactIn(await mia.post(`${path}/transfer`, { email: "00mia@test.example" }, match));
    assert.deepEqual([given.ownerId, given.department, given.version], ["00mia", "Elsewhere", 2]);
    assert.deepEqual([await idsFor(uma), await idsFor(mia), await idsFor(max)], [[], [contact.id], []]);
  });

  it("stay visible after a transfer to another report, and are not after one to a stranger", async () => {
    await rows.user("00rob", { name: "Rob Test" }, ["g-user"]);
    await rows.reporting("00rob", ["00mia"]);
    const transfer = (email: string, version: number) =>
      mia.post(`/contacts/${contact.id}/transfer`, { email }, { "If-Match": `"${version}"` });
    assert.equal((await transfer("00rob@test.example", 1)).status, 200);
    assert.equal((await transfer("00max@test.example", 2)).status, 204);
    problemIn(await mia.get(`/contacts/${contact.id}`), 403);
  });

  it("are not any more from the moment on when their owner reports to another", async () => {
    assert.deepEqual(await idsFor(mia), [contact.id]);
    await rows.reporting("00uma", ["00max"]);
    assert.deepEqual([await idsFor(mia), await idsFor(max)], [[], [contact.id]]);
    problemIn(await mia.get(`/contacts/${contact.id}`), 403);
  });

  it("take the role that policies know", async () => {
    await rows.user("00mia", {}, []);
    // Who has which role may be 100 ms old.
    await until(async () => (await mia.get("/contacts")).status === 403, 30_000, "the role is gone");
    problemIn(await mia.get(`/contacts/${contact.id}`), 403);
    await rows.user("00mia", {}, ["g-user"]);
  });
});
