import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { addRecords } from "../../../../app/audit/write/insert.js";
import type { Db } from "../../../../app/db/database.js";
import { type Crm, ofGuards, startCrm } from "../../../support/audit/audited-crm.js";
import { emptyLog, recordOf, rowsOf, run } from "../../../support/audit/sample-log.js";
import { type ContactJson, contactIn, createContact } from "../../../support/contacts/contacts.js";
import { engines } from "../../../support/database/engines.js";
import { withDatabase } from "../../../support/database/suites.js";
import { json } from "../../../support/http/answers.js";
import { atOnce, type Client } from "../../../support/http/client.js";

/** A request that changes something, of whoever owns the contact. */
interface Act {
  readonly action: string;
  readonly send: (client: Client, contact: ContactJson) => ReturnType<Client["get"]>;
  /** Version that it makes, of a contact that has version 2; a deletion ends it. Default 3. */
  readonly version?: number;
  readonly creates?: true;
}
const current = ({ version }: ContactJson) => ({ "if-match": `"${version}"` });
const post =
  (path: string, body: object): Act["send"] =>
  (client, contact) =>
    client.post(`/contacts/${contact.id}/${path}`, body, current(contact));

const acts: Readonly<Record<string, Act>> = {
  create: {
    action: "create",
    send: (client) => client.post("/contacts", { firstName: "New", lastName: "One" }),
    version: 1,
    creates: true,
  },
  update: {
    action: "update",
    send: (client, contact) => client.patch(`/contacts/${contact.id}`, { lastName: "Changed" }, current(contact)),
  },
  delete: {
    action: "delete",
    send: (client, contact) => client.delete(`/contacts/${contact.id}`, current(contact)),
    version: 2,
  },
  share: { action: "share", send: post("share", { email: "olaf@crm.example", as: "editor" }) },
  unshare: { action: "share", send: post("unshare", { userId: "tina" }) },
  visibility: { action: "share", send: post("visibility", { visibility: "private" }) },
  transfer: { action: "transfer", send: post("transfer", { email: "olaf@crm.example" }) },
};

for (const [engine, open] of Object.entries(engines)) {
  describe(`changes and the decisions that allow them, on ${engine}`, function () {
    this.timeout(60_000);
    let db: Db;
    let crm: Crm;
    let uma: Client;
    let callId: string | undefined;

    after(() => crm?.stop());
    withDatabase(open, async (opened) => {
      db = opened;
      crm = await startCrm(db, { decide: () => (callId ? { callId } : {}) });
      uma = crm.as("uma");
    });
    beforeEach(async () => {
      callId = undefined;
      await crm.log.flush();
      await emptyLog(db);
    });

    /** A contact that is shared with somebody, in version 2; its own decisions are forgotten. */
    async function sharedContact(): Promise<ContactJson> {
      const created = await createContact(uma);
      const share = { email: "tina@crm.example", as: "viewer" };
      const contact = contactIn(await uma.post(`/contacts/${created.id}/share`, share, current(created)));
      await crm.log.flush();
      await run(db, "truncate decisions, decisions_unsealed");
      return contact;
    }

    /** Makes sure that the guards' only decision is one, allowed, and changed nothing. */
    async function assertChangedNothing(action: string): Promise<void> {
      const records = ofGuards(await crm.records());
      assert.deepEqual(
        records.map(({ action, effect, change, error }) => ({ action, effect, change, error })),
        [{ action, effect: "allow", change: null, error: null }],
      );
    }

    for (const [name, { action, send, version = 3, creates }] of Object.entries(acts)) {
      it(`${name}: is on record with what it has changed`, async () => {
        const contact = await sharedContact();
        const answer = await send(uma, contact);
        assert(answer.status < 300, answer.body);
        const id = creates ? json<ContactJson>(answer).id : contact.id;
        const [record, ...others] = ofGuards(await crm.records());
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
        const taken = recordOf(0, { id: callId, source: "can" });
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
      await createContact(crm.as("olaf"), { email: contact.email });
      const tries: readonly Act[] = [
        {
          action: "create",
          send: () => uma.post("/contacts", { firstName: "A", lastName: "B", email: "taken@crm.example" }),
        },
        {
          action: "update",
          send: () => uma.patch(`/contacts/${contact.id}`, { email: "TAKEN@crm.example" }, current(contact)),
        },
        acts.transfer as Act,
      ];
      for (const { action, send } of tries) {
        await crm.log.flush();
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
      const tries: readonly [number, string, Act["send"]][] = [
        [422, "create", () => uma.post("/contacts", { firstName: "" })],
        [400, "create", () => uma.post("/contacts", [])],
        [422, "update", () => uma.patch(path, { email: "none" }, current(contact))],
        [412, "update", () => uma.patch(path, { lastName: "X" }, { "if-match": '"1"' })],
        [428, "update", () => uma.patch(path, { lastName: "X" })],
        [412, "delete", () => uma.delete(path, { "if-match": '"1"' })],
        [
          422,
          "share",
          () => uma.post(`${path}/share`, { email: "nobody@crm.example", as: "viewer" }, current(contact)),
        ],
        [200, "share", () => uma.post(`${path}/share`, { email: "tina@crm.example", as: "viewer" }, current(contact))],
        [422, "transfer", () => uma.post(`${path}/transfer`, { email: "uma@crm.example" }, current(contact))],
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
        uma.patch(`/contacts/${contact.id}`, { lastName: `N${n}` }, current(contact)),
      );
      assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, ...Array.from({ length: 9 }, () => 412)]);
      const changes = ofGuards(await crm.records())
        .filter(({ action }) => action === "update")
        .map(({ change }) => change);
      assert.equal(changes.length, 10);
      assert.deepEqual(
        changes.filter((change) => change !== null),
        [{ id: contact.id, version: 3 }],
      );
    });
  });
}
