import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { addRecords } from "../../../../app/audit/write/insert.js";
import { guardDecisions, useAuditedCrm } from "../../../support/audit/audited-crm.js";
import { emptyLog } from "../../../support/audit/sample-log.js";
import { rowsOf, sampleRecord } from "../../../support/audit/sample-records.js";
import { type ContactJson, contactIn, createContact } from "../../../support/contacts/contacts.js";
import { run } from "../../../support/database/statements.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { json } from "../../../support/http/answers.js";
import { atOnce, type Client } from "../../../support/http/client.js";

/** A request by which the owner of a contact changes something. */
interface ChangeRequest {
  readonly action: string;
  readonly send: (client: Client, contact: ContactJson) => ReturnType<Client["get"]>;
  /** The version in the record, when the contact has version 2: the one that it makes or deletes. Default 3. */
  readonly version?: number;
  readonly creates?: true;
}
const ifCurrent = ({ version }: ContactJson) => ({ "if-match": `"${version}"` });
const post =
  (path: string, body: object): ChangeRequest["send"] =>
  (client, contact) =>
    client.post(`/contacts/${contact.id}/${path}`, body, ifCurrent(contact));

const requests: Readonly<Record<string, ChangeRequest>> = {
  create: {
    action: "create",
    send: (client) => client.post("/contacts", { firstName: "New", lastName: "One" }),
    version: 1,
    creates: true,
  },
  update: {
    action: "update",
    send: (client, contact) => client.patch(`/contacts/${contact.id}`, { lastName: "Changed" }, ifCurrent(contact)),
  },
  delete: {
    action: "delete",
    send: (client, contact) => client.delete(`/contacts/${contact.id}`, ifCurrent(contact)),
    version: 2,
  },
  share: { action: "share", send: post("share", { email: "olaf@crm.example", as: "editor" }) },
  unshare: { action: "share", send: post("unshare", { userId: "tina" }) },
  visibility: { action: "share", send: post("visibility", { visibility: "private" }) },
  transfer: { action: "transfer", send: post("transfer", { email: "olaf@crm.example" }) },
};

describeOnEachEngine("changes and the decisions that allow them,", (db) => {
  let callId: string | undefined;
  const crm = useAuditedCrm(db, { decide: () => (callId ? { callId } : {}) });
  let uma: Client;

  before(() => {
    uma = crm.as("uma");
  });
  beforeEach(async () => {
    callId = undefined;
    await crm.decisionLog.flush();
    await emptyLog(db);
  });

  /** A contact of version 2 that is shared with tina. The decisions that led to it are removed from the log. */
  async function sharedContact(): Promise<ContactJson> {
    const created = await createContact(uma);
    const share = { email: "tina@crm.example", as: "viewer" };
    const contact = contactIn(await uma.post(`/contacts/${created.id}/share`, share, ifCurrent(created)));
    await crm.decisionLog.flush();
    await run(db, "truncate decisions, decisions_unsealed");
    return contact;
  }

  /** Makes sure that the log has one decision of a guard: an allowed one, without a change. */
  async function assertChangedNothing(action: string): Promise<void> {
    const records = guardDecisions(await crm.records());
    assert.deepEqual(
      records.map(({ action, effect, change, error }) => ({ action, effect, change, error })),
      [{ action, effect: "allow", change: null, error: null }],
    );
  }

  for (const [name, { action, send, version = 3, creates }] of Object.entries(requests)) {
    it(`${name}: is on record with what it has changed`, async () => {
      const contact = await sharedContact();
      const answer = await send(uma, contact);
      assert(answer.status < 300, answer.body);
      const id = creates ? json<ContactJson>(answer).id : contact.id;
      const [record, ...others] = guardDecisions(await crm.records());
      assert.deepEqual(others, []);
      assert.deepEqual([record?.action, record?.effect, record?.principal?.id], [action, "allow", "uma"]);
      assert.deepEqual(record?.change, { id, version });
      assert.equal(record?.requestId, answer.headers.get("x-request-id"));
      const now = (await crm.contacts()).find((contact) => contact.id === id);
      if (name === "delete") assert.equal(now, undefined);
      else assert.equal(now?.version, version);
    });

    it(`${name}: changes nothing when the change cannot be put on record`, async () => {
      const contact = await sharedContact();
      const before = await crm.contacts();
      await run(
        db,
        `create or replace function refuse() returns trigger language plpgsql as $$ begin
             if new.record like '%"change":{%' then raise 'no'; end if; return new; end $$`,
      );
      await run(db, "create trigger refusing before insert on decisions for each row execute function refuse()");
      try {
        assert.equal((await send(uma, contact)).status, 500);
      } finally {
        await run(db, "drop trigger refusing on decisions");
      }
      assert.deepEqual(await crm.contacts(), before);
      await assertChangedNothing(action);
    });

    it(`${name}: changes nothing when the PDP's call id is taken; and keeps that record`, async () => {
      const contact = await sharedContact();
      const before = await crm.contacts();
      callId = randomUUID();
      const taken = sampleRecord(0, { id: callId, source: "filter" });
      await addRecords(db, rowsOf([taken]));
      assert.equal((await send(uma, contact)).status, 500);
      callId = undefined;
      assert.deepEqual(await crm.contacts(), before);
      await assertChangedNothing(action);
      assert.deepEqual((await crm.records())[0], taken);
    });
  }

  it("an address that is taken: a record, and no change", async () => {
    const contact = await sharedContact();
    await createContact(uma, { email: "taken@crm.example" });
    const tries: readonly ChangeRequest[] = [
      {
        action: "create",
        send: () => uma.post("/contacts", { firstName: "A", lastName: "B", email: "taken@crm.example" }),
      },
      {
        action: "update",
        send: () => uma.patch(`/contacts/${contact.id}`, { email: "TAKEN@crm.example" }, ifCurrent(contact)),
      },
    ];
    for (const { action, send } of tries) {
      await crm.decisionLog.flush();
      await run(db, "truncate decisions, decisions_unsealed");
      const before = await crm.contacts();
      assert.equal((await send(uma, contact)).status, 409);
      assert.deepEqual(await crm.contacts(), before);
      await assertChangedNothing(action);
    }
  });

  it("input that does not hold, another version, none, and what would change nothing: a record, and no change", async () => {
    const contact = await sharedContact();
    const path = `/contacts/${contact.id}`;
    const tries: readonly [number, string, ChangeRequest["send"]][] = [
      [422, "create", () => uma.post("/contacts", { firstName: "" })],
      [400, "create", () => uma.post("/contacts", [])],
      [422, "update", () => uma.patch(path, { email: "none" }, ifCurrent(contact))],
      [412, "update", () => uma.patch(path, { lastName: "X" }, { "if-match": '"1"' })],
      [428, "update", () => uma.patch(path, { lastName: "X" })],
      [412, "delete", () => uma.delete(path, { "if-match": '"1"' })],
      [
        422,
        "share",
        () => uma.post(`${path}/share`, { email: "nobody@crm.example", as: "viewer" }, ifCurrent(contact)),
      ],
      [200, "share", () => uma.post(`${path}/share`, { email: "tina@crm.example", as: "viewer" }, ifCurrent(contact))],
      [422, "transfer", () => uma.post(`${path}/transfer`, { email: "uma@crm.example" }, ifCurrent(contact))],
    ];
    const before = await crm.contacts();
    for (const [status, action, send] of tries) {
      await run(db, "truncate decisions, decisions_unsealed");
      const answer = await send(uma, contact);
      assert.equal(answer.status, status, answer.body);
      await assertChangedNothing(action);
    }
    assert.deepEqual(await crm.contacts(), before);
  });

  it("of many who change one version at once: one change with its record, and a record of each other", async () => {
    const contact = await sharedContact();
    const answers = await atOnce(10, uma, (n) =>
      uma.patch(`/contacts/${contact.id}`, { lastName: `N${n}` }, ifCurrent(contact)),
    );
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, ...Array.from({ length: 9 }, () => 412)]);
    const changes = guardDecisions(await crm.records())
      .filter(({ action }) => action === "update")
      .map(({ change }) => change);
    assert.equal(changes.length, 10);
    assert.deepEqual(
      changes.filter((change) => change !== null),
      [{ id: contact.id, version: 3 }],
    );
  });
});
