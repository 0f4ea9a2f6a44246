import assert from "node:assert/strict";
import { openPostgres } from "../../app/db/postgres.js";
import { createDatabase } from "../support/database/temporary-database.js";
import { killBeforeEffects, killLeaders, moments } from "../support/directory/kills.js";
import { startOktaServer } from "../support/directory/okta-server.js";
import { SyncProcesses } from "../support/directory/sync-processes.js";
import { percentile } from "../support/load/percentile.js";
import { growOrganization } from "../support/okta/grow-organization.js";

const MAX_TAKE_OVER_MS = 10_000;

/**
 * Kills processes that follow Okta: after they have answered a hook and before its effect, `CASES` times (default 100), and
 * while they lead, a fifth as often.
 *
 * @throws AssertionError when something that a hook has told has no effect, or nobody else leads within 10 s
 */
export async function directoryKills(): Promise<void> {
  const times = Number(process.env.CASES ?? 100);
  const server = process.env.TEST_DATABASE_URL;
  if (!server) throw new Error("TEST_DATABASE_URL must name a PostgreSQL.");
  const [database, okta] = await Promise.all([createDatabase(server), startOktaServer()]);
  const { db, close } = await openPostgres(database.url, () => {});
  const processes = new SyncProcesses(database.url, db, okta);
  try {
    const { users, groups } = growOrganization(okta.org.organization, { users: 200, groups: 5, memberships: 400 });
    await killBeforeEffects(processes, { users, group: groups[0] ?? "", times });
    console.log(`${times} kills between a hook's answer and its effect (${moments.join(", ")}): each had its effect`);
    await processes.killAll();
    const took = await killLeaders(processes, Math.ceil(times / 5));
    const [middle, most] = [50, 100].map((percent) => (percentile(took, percent) / 1_000).toFixed(1));
    console.log(`${took.length} kills of the leader: another led after ${middle} s at the median, ${most} s at most`);
    assert(took.every((ms) => ms < MAX_TAKE_OVER_MS));
  } finally {
    await processes.killAll();
    await Promise.all([close(), okta.stop()]);
    await database.drop();
  }
}
