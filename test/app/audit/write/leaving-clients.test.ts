import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { contactStore } from "../../../../app/contacts/store.js";
import type { Db } from "../../../../app/db/database.js";
import { contacts } from "../../../../app/db/schema.js";
import { type Crm, ofGuards, startCrm } from "../../../support/audit/audited-crm.js";
import { emptyLog, isWaiting } from "../../../support/audit/sample-log.js";
import { engines } from "../../../support/database/engines.js";
import { withDatabase, withTwoProcesses } from "../../../support/database/suites.js";
import { until } from "../../../support/until.js";

/** Something that whoever comes to it has to wait at. */
class Gate {
  waiting = 0;
  #isShut = false;
  #opened = Promise.resolve();
  open = () => {};

  shut(): void {
    this.#isShut = true;
    this.#opened = new Promise((resolve) => {
      this.open = () => {
        this.#isShut = false;
        resolve();
      };
    });
  }

  async pass(): Promise<void> {
    if (!this.#isShut) return;
    this.waiting += 1;
    await this.#opened;
    this.waiting -= 1;
  }
}

/** A contact of uma's in version 1. */
function ownContact(db: Db) {
  const nothing = { email: "", phone: "", company: "", title: "", notes: "", visibility: "everyone" } as const;
  const owner = { id: "uma", department: "Sales" };
  return contactStore(db).create({ ...nothing, firstName: "A", lastName: "B" }, owner, null);
}

/** Sends a request as uma, waits for something, and goes away without the answer. Resolves when the app knows that. */
async function leave(crm: Crm, method: string, path: string, body: object | null, when: () => unknown): Promise<void> {
  const { over } = crm;
  const leaving = new AbortController();
  const sent = fetch(`${crm.url}${path}`, {
    method,
    headers: { authorization: "Bearer uma", "content-type": "application/json", "if-match": '"1"' },
    body: body && JSON.stringify(body),
    signal: leaving.signal,
  });
  const answered = sent.then(
    ({ status }) => assert.fail(`answered with ${status}`),
    () => {},
  );
  await until(when, 4_000, "the request is not there yet");
  leaving.abort();
  await answered;
  await until(() => crm.over > over, 2_000, "the app has not noticed");
}

/** What the guards have decided, when there is something: whether it is allowed, and what was changed. */
async function decided(crm: Crm) {
  await until(async () => ofGuards(await crm.records()).length > 0, 2_000, "nothing is on record");
  return ofGuards(await crm.records()).map(({ action, effect, change }) => ({ action, effect, change }));
}

for (const [engine, open] of Object.entries(engines)) {
  describe(`clients that leave before a change has begun, on ${engine}`, function () {
    this.timeout(60_000);
    let db: Db;
    let crm: Crm;
    const pdp = new Gate();
    const people = new Gate();

    after(() => crm?.stop());
    withDatabase(open, async (opened) => {
      db = opened;
      crm = await startCrm(db, {
        decide: async () => {
          await pdp.pass();
          return {};
        },
        peopleOf: (store) => ({ ...store, byEmail: (email) => people.pass().then(() => store.byEmail(email)) }),
      });
    });
    beforeEach(() => emptyLog(db));
    afterEach(() => {
      pdp.open();
      people.open();
    });

    it("leave a decision that is made when they have gone: it is on record, and nothing is changed", async () => {
      const { id } = await ownContact(db);
      const before = await crm.contacts();
      for (const [method, path, body, action] of [
        ["PATCH", "", { lastName: "C" }, "update"],
        ["DELETE", "", null, "delete"],
        ["POST", "/visibility", { visibility: "private" }, "share"],
      ] as const) {
        pdp.shut();
        await leave(crm, method, `/contacts/${id}${path}`, body, () => pdp.waiting > 0);
        pdp.open();
        assert.deepEqual(await decided(crm), [{ action, effect: "allow", change: null }]);
        assert.deepEqual(await crm.contacts(), before);
        await crm.log.flush();
        await emptyLog(db).then(() => db.insert(contacts).values(before as (typeof before)[number][]));
      }
    });

    it("leave a decision that no change has come of: it is on record, and nothing is changed later", async () => {
      const { id } = await ownContact(db);
      const before = await crm.contacts();
      people.shut();
      const share = { email: "olaf@crm.example", as: "editor" };
      await leave(crm, "POST", `/contacts/${id}/share`, share, () => people.waiting > 0);
      const expected = [{ action: "share", effect: "allow", change: null }];
      assert.deepEqual(await decided(crm), expected);
      people.open();
      // The handler goes on, and comes to the change now.
      await until(() => people.waiting === 0, 2_000, "it waits still");
      await crm.as("olaf").get(`/contacts/${id}`);
      assert.deepEqual(
        (await decided(crm)).filter(({ action }) => action === "share"),
        expected,
      );
      assert.deepEqual(await crm.contacts(), before);
    });
  });
}

describe("clients that leave while a change is under way", function () {
  this.timeout(60_000);
  let db: Db;
  /** Another process's. */
  let other: Db;
  let crm: Crm;

  withTwoProcesses((...opened) => {
    [db, other] = opened;
  });
  beforeEach(async () => {
    await emptyLog(db);
    crm = await startCrm(db);
  });
  afterEach(() => crm?.stop());

  const isBlocked = () => isWaiting(other);

  it("get what they asked for, with its record", async () => {
    const { id } = await ownContact(db);
    await other.transaction(async (tx) => {
      await tx.select().from(contacts).where(eq(contacts.id, id)).for("update");
      await leave(crm, "PATCH", `/contacts/${id}`, { lastName: "C" }, isBlocked);
    });
    assert.deepEqual(await decided(crm), [{ action: "update", effect: "allow", change: { id, version: 2 } }]);
    assert.deepEqual(
      (await crm.contacts()).map(({ lastName, version }) => [lastName, version]),
      [["C", 2]],
    );
  });

  it("leave a record without a change when it comes to nothing", async () => {
    const { id } = await ownContact(db);
    await other.transaction(async (tx) => {
      await tx.delete(contacts).where(eq(contacts.id, id));
      await leave(crm, "PATCH", `/contacts/${id}`, { lastName: "C" }, isBlocked);
    });
    assert.deepEqual(await decided(crm), [{ action: "update", effect: "allow", change: null }]);
  });

  for (const [act, comes] of [
    ["update", "what comes of it"],
    ["delete", "that nothing comes of it"],
  ] as const) {
    it(`are waited for when the log is closed, and ${comes} is on record`, async () => {
      const { id } = await ownContact(db);
      let closing: Promise<void> | undefined;
      await other.transaction(async (tx) => {
        const row = eq(contacts.id, id);
        await (act === "update" ? tx.select().from(contacts).where(row).for("update") : tx.delete(contacts).where(row));
        await leave(crm, "PATCH", `/contacts/${id}`, { lastName: "C" }, isBlocked);
        closing = crm.log.close();
      });
      await closing;
      assert.deepEqual(
        ofGuards(await crm.records()).map(({ change }) => change),
        [act === "update" ? { id, version: 2 } : null],
      );
    });
  }
});
