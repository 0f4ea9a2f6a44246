import assert from "node:assert/strict";
import { once } from "node:events";
import pg from "pg";
import type { Database } from "../../../../app/db/database.js";
import { openDatabase } from "../../../../app/db/open.js";
import { type Crm, startCrm } from "../../../support/audit/audited-crm.js";
import { createContact } from "../../../support/contacts/contacts.js";
import { temporaryDatabase } from "../../../support/database/temporary-database.js";

describe("the decision log when the database takes nothing", function () {
  this.timeout(60_000);
  let database: Database;
  let drop: (() => Promise<void>) | undefined;
  /** Another process's connection. */
  let other: pg.Client;
  let crm: Crm;
  let rules: readonly string[] = [];

  before(async function () {
    const { url, drop: dropIt } = await temporaryDatabase(this);
    drop = dropIt;
    database = await openDatabase({ databaseUrl: url, dataDir: "" }, () => {});
    other = new pg.Client(url);
    await other.connect();
    const metadata = () => ({ policy: "resource.contact.vdefault", scope: "", derivedRoles: [], rules });
    crm = await startCrm(database.db, { decide: () => ({ metadata: metadata() }) });
  });
  after(async () => {
    await crm?.stop();
    await other?.end();
    await database?.close();
    await drop?.();
  });

  it("lets requests wait while there is no room, refuses them after that, and loses nothing", async () => {
    const uma = crm.as("uma");
    const { id } = await createContact(uma);
    await crm.log.flush();
    const get = async () => {
      const from = performance.now();
      const { status, body, headers } = await uma.get(`/contacts/${id}`);
      const code = status === 200 ? "" : (JSON.parse(body) as { code: string }).code;
      return { status, code, retry: headers.get("retry-after"), waited: performance.now() - from };
    };
    let patient: ReturnType<typeof get> | undefined;
    await other.query("begin");
    try {
      await other.query("lock table decisions in exclusive mode");
      // Records of a megabyte: a bit less than sixteen of them fill the buffer.
      rules = ["x".repeat(1024 * 1024)];
      const many = Array.from({ length: 20 }, get);
      // This one comes later, so that it still waits when there is room again.
      await once(AbortSignal.timeout(3_000), "abort");
      patient = get();
      const answers = await Promise.all(many);
      const refused = answers.filter(({ status }) => status !== 200);
      assert.equal(refused.length, 5);
      for (const { status, code, retry, waited } of refused) {
        assert.deepEqual({ status, code, retry }, { status: 503, code: "decision_not_recorded", retry: "1" });
        assert(waited > 4_900, `refused after ${waited} ms`);
      }
    } finally {
      await other.query("rollback");
    }
    const { status, waited } = (await patient) ?? assert.fail();
    assert.equal(status, 200);
    assert(waited > 1_000, "it did not wait");
    assert.equal((await crm.records()).length, 1 + 15 + 1);
  });
});
