import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { contactStore } from "../../../../app/contacts/store.js";
import type { Db } from "../../../../app/db/database.js";
import { contacts } from "../../../../app/db/schema.js";
import {
  type AuditedCrm,
  auditedCrmPerTest,
  guardDecisions,
  useAuditedCrm,
} from "../../../support/audit/audited-crm.js";
import { unrecordedChange } from "../../../support/audit/no-decision-log.js";
import { emptyLog } from "../../../support/audit/sample-log.js";
import { isWaitingForLock } from "../../../support/database/statements.js";
import { describeOnEachEngine, useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { until } from "../../../support/until.js";

/** While it is shut, its callers wait. */
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

/** Creates a contact of uma, in version 1. */
function ownContact(db: Db) {
  const nothing = { email: "", phone: "", company: "", title: "", notes: "", visibility: "everyone" } as const;
  const owner = { id: "uma", department: "Sales" };
  return contactStore(db).create({ ...nothing, firstName: "A", lastName: "B" }, owner, unrecordedChange);
}

/**
 * Sends a request as uma, waits until something holds, and disconnects without the answer. Resolves when the app has
 * noticed.
 */
async function leave(
  crm: AuditedCrm,
  method: string,
  path: string,
  body: object | null,
  when: () => unknown,
): Promise<void> {
  const { endedRequests } = crm;
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
  await until(when, 30_000, "the request is not there yet");
  leaving.abort();
  await answered;
  await until(() => crm.endedRequests > endedRequests, 30_000, "the app has not noticed");
}

/** The decisions of guards, as soon as there are any: their actions, effects and changes. */
async function decided(crm: AuditedCrm) {
  await until(async () => guardDecisions(await crm.records()).length > 0, 30_000, "nothing is on record");
  return guardDecisions(await crm.records()).map(({ action, effect, change }) => ({ action, effect, change }));
}

describeOnEachEngine("clients that leave before a change has begun,", (db) => {
  const pdp = new Gate();
  const people = new Gate();
  const crm = useAuditedCrm(db, {
    decide: async () => {
      await pdp.pass();
      return {};
    },
    wrapPeople: (store) => ({ ...store, byEmail: (email) => people.pass().then(() => store.byEmail(email)) }),
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
      await crm.decisionLog.flush();
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
    // Now the handler goes on, and tries to commit the change.
    await until(() => people.waiting === 0, 30_000, "it waits still");
    await crm.as("olaf").get(`/contacts/${id}`);
    assert.deepEqual(
      (await decided(crm)).filter(({ action }) => action === "share"),
      expected,
    );
    assert.deepEqual(await crm.contacts(), before);
  });
});

describe("clients that leave while a change is under way", function () {
  this.timeout(60_000);
  const database = useTemporaryDatabase();
  const db = useOpened(database);
  /** Another process's connection. */
  const other = useOpened(database);
  const startCrm = auditedCrmPerTest(db);
  let crm: AuditedCrm;

  beforeEach(async () => {
    await emptyLog(db);
    crm = await startCrm();
  });

  const isBlocked = () => isWaitingForLock(other);

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
        closing = crm.decisionLog.close();
      });
      await closing;
      assert.deepEqual(
        guardDecisions(await crm.records()).map(({ change }) => change),
        [act === "update" ? { id, version: 2 } : null],
      );
    });
  }
});
