import assert from "node:assert/strict";
import { once } from "node:events";
import pg from "pg";
import { guardDecisions, useAuditedCrm } from "../../../support/audit/audited-crm.js";
import { createContact } from "../../../support/contacts/contacts.js";
import { useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { useFixture } from "../../../support/fixture.js";

describe("the decision log when the database takes nothing", function () {
  this.timeout(60_000);
  const database = useTemporaryDatabase();
  /** Another process's connection. */
  const other = useFixture(
    async () => {
      const client = new pg.Client(database.url);
      await client.connect();
      return client;
    },
    (client) => client.end(),
  );
  let rules: readonly string[] = [];
  const metadata = () => ({ policy: "resource.contact.vdefault", scope: "", derivedRoles: [], rules });
  const crm = useAuditedCrm(useOpened(database), { decide: () => ({ metadata: metadata() }) });

  it("lets requests wait while there is no room, refuses them after that, and loses nothing", async () => {
    const uma = crm.as("uma");
    const { id } = await createContact(uma);
    await crm.decisionLog.flush();
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
      // Records of a megabyte: fewer than sixteen of them fit into the buffer.
      rules = ["x".repeat(1024 * 1024)];
      const many = Array.from({ length: 20 }, get);
      // This request starts later, so that it still waits when there is room again.
      await once(AbortSignal.timeout(3_500), "abort");
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
    assert.equal(guardDecisions(await crm.records()).length, 1 + 15 + 1);
  });
});
