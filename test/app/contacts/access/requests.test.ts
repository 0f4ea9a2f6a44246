import assert from "node:assert/strict";
import { erasePerson } from "../../../../app/directory/store/erasure.js";
import { type ContactJson, contactIn, createContact } from "../../../support/contacts/contacts.js";
import { useFollowedApp } from "../../../support/directory/followed-app.js";
import { json, problemIn } from "../../../support/http/answers.js";
import type { Client } from "../../../support/http/client.js";
import { pageIn, textOf } from "../../../support/http/page.js";

const html = { Accept: "text/html" };

interface Listed {
  readonly contactName: string;
  readonly state: string;
  readonly requester: { readonly name: string };
}

describe("asking for access to a contact", function () {
  this.timeout(60_000);
  const { app, rows, alice, uma, audrey, nina } = useFollowedApp();
  let rob: Client;
  /** Of Uma, and everyone's. */
  let contact: ContactJson;
  let path: string;

  before(async () => {
    await rows.user("00rob", { name: "Rob Reader", department: "Support" }, ["g-user"]);
    rob = await app.as("00rob", "none", "");
  });
  beforeEach(async () => {
    contact = await createContact(uma);
    path = `/contacts/${contact.id}`;
  });
  afterEach(async () => {
    await app.database.db.execute("delete from contacts");
    await app.database.db.execute("delete from access_requests");
  });

  const ask = (client = rob, at = path) => client.post(`${at}/requests`, {});
  const requestsOf = async (client: Client) =>
    json<{ toAnswer: Listed[]; own: Listed[] }>(await client.get("/requests"));
  const dismiss = (client: Client, userId = "00rob") => client.post(`${path}/requests/dismiss`, { userId });
  const statesFor = async (client: Client) => (await requestsOf(client)).own.map(({ state }) => state);

  it("is offered by a refusal, with the owner's name, to those who may view it", async () => {
    for (const page of ["edit", "share", "transfer", "delete", "access"]) {
      const words = textOf(pageIn(await rob.get(`${path}/${page}`, html), 403));
      assert.match(words, /Uma Test owns this contact You may view it ?\..* Ask Uma Test for access/, page);
    }
    const hidden = await createContact(uma, { visibility: "private" });
    for (const [client, id] of [
      [rob, hidden.id],
      [nina, contact.id],
      [audrey, contact.id],
    ] as const) {
      const words = textOf(pageIn(await client.get(`/contacts/${id}/edit`, html), 403));
      assert.doesNotMatch(words, /Uma|owns|for access/);
    }
  });

  it("reaches the owner, who grants it as for any colleague, and the requester sees that", async () => {
    const asked = await ask();
    assert.deepEqual([asked.status, json(asked)], [202, { state: "open" }]);
    assert.match(textOf(pageIn(await rob.get(path, html))), /You asked for access on .*: Not answered yet/);
    assert.match(textOf(pageIn(await uma.get("/profile", html))), /Requests \(1\)/);
    assert.deepEqual(
      (await requestsOf(uma)).toAnswer.map(({ requester }) => requester.name),
      ["Rob Reader"],
    );
    const { requests } = json<{ requests: { id: string; email: string }[] }>(await uma.get(`${path}/requests`));
    assert.deepEqual(
      requests.map(({ id }) => id),
      ["00rob"],
    );
    const page = textOf(pageIn(await uma.get(path, html)));
    assert.match(
      page,
      /Asked for access Rob Reader 00rob@test\.example .*Let edit Rob Reader .*Let view Rob Reader .*Dismiss/,
    );
    const grant = { email: requests[0]?.email, as: "editor" };
    contactIn(await uma.post(`${path}/share`, grant, { "If-Match": "*" }));
    assert.deepEqual(await statesFor(rob), ["granted"]);
    assert.deepEqual((await requestsOf(uma)).toAnswer, []);
    assert.equal((await rob.get(`${path}/edit`, html)).status, 200);
    assert.doesNotMatch(textOf(pageIn(await uma.get("/profile", html))), /Requests \(/);
  });

  it("is dismissed, and then not asked again for a day", async () => {
    await ask();
    assert.equal((await dismiss(uma)).status, 204);
    problemIn(await dismiss(uma), 409);
    assert.deepEqual(await statesFor(rob), ["dismissed"]);
    assert.match(problemIn(await ask(), 409).detail ?? "", /less than a day ago/);
    await app.database.db.execute("update access_requests set settled_at = now() - interval '25 hours'");
    assert.equal((await ask()).status, 202);
    assert.deepEqual(await statesFor(rob), ["open"]);
  });

  it("is for those who may view it, and answered by those who may share it", async () => {
    const hidden = await createContact(uma, { visibility: "private" });
    problemIn(await ask(rob, `/contacts/${hidden.id}`), 403);
    for (const client of [nina, audrey]) problemIn(await ask(client), 403);
    problemIn(await ask(uma), 409);
    await ask();
    for (const client of [rob, nina]) {
      problemIn(await dismiss(client), 403);
      problemIn(await client.get(`${path}/requests`), 403);
    }
    // An administrator may answer, and is not bothered with a list of all.
    assert.deepEqual((await requestsOf(alice)).toAnswer, []);
    assert.equal((await dismiss(alice)).status, 204);
    problemIn(await audrey.get("/requests"), 403);
  });

  it("once more changes nothing, and nobody has more than fifty that wait", async () => {
    await ask();
    const [before] = (await requestsOf(rob)).own;
    assert.equal((await ask()).status, 202);
    assert.deepEqual((await requestsOf(rob)).own, [before]);
    await app.database.db.execute(`insert into access_requests (contact_id, requester_id)
      select gen_random_uuid(), '00rob' from generate_series(1, 60)`);
    const other = `/contacts/${(await createContact(uma)).id}`;
    // Those of contacts that are gone do not count.
    assert.equal((await ask(rob, other)).status, 202);
    await app.database.db.execute(
      `insert into contacts (first_name, last_name, owner_id) select 'Many', n::text, '00uma' from generate_series(1, 50) n`,
    );
    await app.database.db.execute(
      `insert into access_requests (contact_id, requester_id) select id, '00rob' from contacts where first_name = 'Many'`,
    );
    const last = `/contacts/${(await createContact(uma)).id}`;
    assert.match(problemIn(await ask(rob, last), 409).detail ?? "", /50 requests/);
  });

  it("is recorded with what has allowed it", async () => {
    await ask();
    await app.decisionLog.flush();
    const { decisions } = json<{ decisions: { action: string; change: { id: string } | null }[] }>(
      await alice.get(`/audit?contact=${contact.id}&action=ask`),
    );
    assert.deepEqual(
      decisions.map(({ action, change }) => [action, change?.id]),
      [["ask", contact.id]],
    );
  });

  it("follows the contact to a new owner, and ends with the person", async () => {
    await ask();
    await rows.user("00eve", { name: "Eve Editor" }, ["g-user"]);
    const eve = await app.as("00eve", "none", "");
    const given = await uma.post(`${path}/transfer`, { email: "00eve@test.example" }, { "If-Match": "*" });
    assert.equal(given.status, 200, given.body);
    assert.equal((await requestsOf(eve)).toAnswer.length, 1);
    assert.equal((await requestsOf(uma)).toAnswer.length, 0);
    await rows.user("00rob", { goneAt: new Date(), status: "DEPROVISIONED" });
    await erasePerson(app.database.db, "00rob");
    assert.equal((await requestsOf(eve)).toAnswer.length, 0);
    await rows.user(
      "00rob",
      {
        goneAt: null,
        status: "ACTIVE",
        name: "Rob Reader",
        email: "00rob@test.example",
        attributes: { costCenter: null, tags: null },
      },
      ["g-user"],
    );
  });
});
