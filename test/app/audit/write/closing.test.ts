import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { SQL } from "drizzle-orm";
import pg from "pg";
import { pino } from "pino";
import { auditedCrmPerTest } from "../../../support/audit/audited-crm.js";
import { isRecordedChange } from "../../../support/database/statements.js";
import { useOpened } from "../../../support/database/suites.js";
import { temporaryDatabase, useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { clientOf } from "../../../support/http/client.js";
import { startStack } from "../../../support/stack/stack.js";
import { until } from "../../../support/until.js";

/** Time for closing the log. */
const CLOSE_TIMEOUT_MS = 10_000;

describe("the decision log, closed while nothing answers", function () {
  this.timeout(60_000);
  const db = useOpened(useTemporaryDatabase());
  const startCrm = auditedCrmPerTest(db);

  it("takes ten seconds in all for a change that hangs and for records that cannot be written, and tells those", async () => {
    const lost: string[] = [];
    const logger = pino({ level: "error" }, { write: (line: string) => lost.push(line) });
    let free = (_nothing: undefined) => {};
    const hanging = new Promise<undefined>((resolve) => {
      free = resolve;
    });
    let isUnderWay = false;
    const execute = (statement: SQL) => {
      isUnderWay ||= isRecordedChange(statement);
      return hanging;
    };
    const decisionDb = Object.create(db, { execute: { value: execute } });
    const crm = await startCrm({ logger, decisionDb });
    try {
      await crm.as("uma").get(`/contacts/${randomUUID()}`);
      const creating = crm.as("uma").post("/contacts", { firstName: "A", lastName: "B" });
      creating.catch(() => {});
      await until(() => isUnderWay, 30_000, "no change is under way");
      const from = performance.now();
      await crm.decisionLog.close();
      const took = performance.now() - from;
      assert(took < CLOSE_TIMEOUT_MS * 1.9, `it took ${took} ms`);
      assert.equal(lost.length, 1);
      assert.match(lost[0] ?? "", /not_found/);
    } finally {
      free(undefined);
    }
  });

  it("does not wait for the stream before, which goes nowhere: the app ends in half the time", async function () {
    const database = await temporaryDatabase(this);
    const receiver = createServer(() => {}).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const stack = await startStack({
      DATABASE_URL: database.url,
      DECISION_STREAM: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
    });
    const other = new pg.Client(database.url);
    await other.connect();
    try {
      const uma = clientOf(stack.url, await stack.token("uma@example.com"));
      await other.query("begin");
      await other.query("lock table decisions in exclusive mode");
      assert.equal((await uma.get("/contacts")).status, 200);
      const from = performance.now();
      assert.equal(await stack.stop(), 0);
      const took = performance.now() - from;
      // A query that is under way may take 5 s more.
      assert(took > CLOSE_TIMEOUT_MS * 0.9 && took < CLOSE_TIMEOUT_MS * 1.95, `it took ${took} ms`);
      assert.match(stack.output(), /a decision could not be written to the database/);
    } finally {
      await other.end();
      receiver.closeAllConnections();
      receiver.close();
      await stack.stop();
      await database.drop();
    }
  });
});
