import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { claimOrg, readSyncState } from "../../../../app/directory/store/state.js";
import { keepLeading } from "../../../../app/directory/sync/leadership.js";
import { useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { silentLogger } from "../../../support/telemetry/silent-logger.js";
import { until } from "../../../support/until.js";

const STEP_MS = 60_000;
const source = { org: "https://org.test", managerAttribute: "managerId" };

describe("a process that may lead", () => {
  const db = useOpened(useTemporaryDatabase());

  it("works while it leads, and not while another one does, and lets another lead at its end", async () => {
    await claimOrg(db, source);
    const terms: AbortSignal[] = [];
    const work = (signal: AbortSignal) => {
      terms.push(signal);
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    };
    const stopped = new AbortController();
    const running = keepLeading({ db, logger: silentLogger, source, leader: "p1", work }, stopped.signal);
    await until(() => terms.length >= 1, STEP_MS, "it works");
    await db.execute(sql`update directory_state set leader = 'p2', leader_until = now() + interval '1 hour'`);
    await until(() => terms[0]?.aborted, STEP_MS, "it stops working");
    assert.equal((await readSyncState(db)).leader, "p2");
    await db.execute(sql`update directory_state set leader_until = now()`);
    await until(() => terms.length >= 2, STEP_MS, "it works again");
    assert.equal((await readSyncState(db)).leader, "p1");
    stopped.abort();
    await running;
    assert.deepEqual([terms.map(({ aborted }) => aborted), (await readSyncState(db)).leader], [[true, true], null]);
  });
});
