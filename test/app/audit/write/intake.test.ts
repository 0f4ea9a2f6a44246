import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { asc } from "drizzle-orm";
import { parseDecision } from "../../../../app/audit/record/parse.js";
import type { DecisionRecord } from "../../../../app/audit/record/record.js";
import { verify } from "../../../../app/audit/seal/verify.js";
import { decisions } from "../../../../app/db/schema.js";
import { assertConsistent } from "../../../support/audit/sample-log.js";
import { useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { clientOf } from "../../../support/http/client.js";
import { type Stack, startStack } from "../../../support/stack/stack.js";

/** Requests of one kind. */
const FLOOD = 300;

describe("requests of those who are not logged in", function () {
  this.timeout(300_000);
  const database = useTemporaryDatabase();
  const db = useOpened(database);
  let records: readonly DecisionRecord[] = [];
  /** What the app has copied to its standard output. */
  let copied: readonly DecisionRecord[] = [];

  before(async () => {
    const stack = await startStack({
      DATABASE_URL: database.url,
      DECISION_STREAM: "stdout",
      APP_BASE_URL: "https://crm.example",
    });
    let stopped = false;
    try {
      await flood(stack);
      // The rest is recorded when the app is stopped.
      await stack.stop();
      stopped = true;
    } finally {
      if (!stopped) await stack.stop();
    }
    const rows = await db.select().from(decisions).orderBy(asc(decisions.seq));
    for (const row of rows) assert(parseDecision(row).record, row.record);
    records = rows.map(assertConsistent);
    copied = stack.log().filter((line) => "principal" in line) as unknown as DecisionRecord[];
  });

  async function flood(stack: Stack): Promise<void> {
    const stranger = clientOf(stack.url);
    const from = (n: number) => ({
      "X-Forwarded-For": n % 2 ? `203.0.113.${n % 100}:4711` : `2001:db8:0:${(n % 50).toString(16)}::1`,
      "X-Forwarded-Proto": "https",
      "X-Request-Id": `outer-${n}-of-a-stranger`,
    });
    const uma = clientOf(stack.url, await stack.token("uma@example.com"));
    for (let n = 0; n < FLOOD; n++) {
      const headers = from(n);
      await Promise.all([
        stranger.get(`/contacts/${randomUUID()}`, headers),
        stranger.get(`/contacts?q=${n}`, headers),
        stranger.send(`/contacts/${randomUUID()}`, { method: "DELETE", headers }),
        stranger.get(`/authorization-code/callback?code=x&state=${n}`, headers),
        n < 20 && uma.get(`/contacts/${randomUUID()}`, headers),
      ]);
    }
  }

  const ofNobody = () => records.filter(({ principal }) => principal === null);
  const oneOf = (action: string, isRepeated: boolean) => {
    const found = ofNobody().filter((record) => record.action === action && !record.repeats === !isRepeated);
    return found[0] ?? assert.fail(`no record of ${action}`);
  };

  it("fill the log by their kinds, and not by their number", () => {
    // For each kind the first one, and a record a minute of the others.
    const most = 4 * 2 + 4 * 2;
    assert(ofNobody().length <= most, `${ofNobody().length} records`);
    assert(copied.filter(({ principal }) => principal === null).length <= most);
    assert(copied.length >= records.length);
  });

  it("are all counted, with when they were made and where they came from", () => {
    for (const action of ["read", "list", "delete", "login"]) {
      const ofAction = ofNobody().filter((record) => record.action === action);
      const counted = ofAction.reduce((sum, { repeats }) => sum + (repeats?.count ?? 1), 0);
      assert.equal(counted, FLOOD, action);
      const { repeats, resource, requestId, effect, time } = oneOf(action, true);
      assert(repeats);
      assert.deepEqual([resource?.id, requestId, effect, time], [null, null, "deny", repeats.to]);
      assert(repeats.from < repeats.to);
      assert.equal(repeats.networks.length, 10);
      assert(
        repeats.networks.some((network) => /^203\.0\.113\.\d+$/.test(network)),
        `${repeats.networks}`,
      );
      assert(repeats.networks.includes("2001:db8::/56"));
    }
  });

  it("are recorded one by one as the first of their kind, with address and outer id", () => {
    for (const action of ["read", "list", "delete", "login"]) {
      const { address, outerRequestId, requestId } = oneOf(action, false);
      assert.match(address ?? "", /^(203\.0\.113\.\d+|2001:db8:[\da-f:]+)$/);
      assert.match(outerRequestId ?? "", /^outer-\d+-of-a-stranger$/);
      assert.match(requestId ?? "", /^[\da-f-]{36}$/);
    }
  });

  it("do not hide those of people: each of these has its record, without an address", () => {
    const ofUma = records.filter(({ principal, effect }) => principal && effect === "deny");
    assert.equal(ofUma.length, 20);
    for (const record of ofUma) {
      assert.equal(record.repeats, undefined);
      assert(!("address" in record));
      assert.match(record.outerRequestId ?? "", /^outer-/);
    }
  });

  it("leave a log that verifies", async () => {
    assert.deepEqual((await verify(db)).findings, []);
  });
});
