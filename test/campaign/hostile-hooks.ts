import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../app/db/database.js";
import { requestToken } from "../../app/demo/identity-provider/request-token.js";
import { inboxState } from "../../app/directory/store/inbox.js";
import { untilInStep } from "../support/directory/okta-server.js";
import { bearer } from "../support/http/bearer.js";
import { type Answer, startLoad, tally } from "../support/load/load.js";
import { memoryDuring } from "../support/load/memory.js";
import { percentile } from "../support/load/percentile.js";
import type { AppProcess } from "../support/stack/app-process.js";
import { programArguments } from "../support/stack/compiled.js";
import { type DirectoryCrm, startDirectoryCrm } from "../support/stack/directory-crm.js";
import { until } from "../support/until.js";

const MINUTE_MS = 60_000;
const IDLE_CONNECTIONS = 1_000;
/** Between two changes at Okta, which its hook tells. */
const CHANGE_EVERY_MS = 300;
/** Between two requests of the user. */
const PAUSE_MS = 20;
const MAX_SLOWER = 2;
/** How much more memory the process may take in a second such minute. */
const MAX_GROWTH_MB = 50;
/** So long that only hooks tell of changes. */
const SYNC_SECONDS = 600;
const LIMIT_MS = 60_000;
/** The tables to which the decisions about a user's own requests add rows. */
const GROWING = ["decisions", "decisions_unsealed", "decision_counts", "seals", "seal_head"];

/** What a user and Okta saw during an attack. */
interface Seen {
  readonly user: readonly Answer[];
  readonly changes: number;
  readonly attack: object;
}

/**
 * A minute in which the hook gets `CASES` hostile requests (default 10,000), and a thousand connections that send nothing,
 * while a user works and Okta's own hooks arrive. It is compared with a minute in which another process gets them: there
 * they take as much of the machine, and nothing of the user's process.
 *
 * @throws AssertionError when an answer is not right, the user is refused or waits twice as long, a second such minute takes
 * more memory, the database grows, or a change is lost
 */
export async function hostileHooks(): Promise<void> {
  const count = Number(process.env.CASES ?? 10_000);
  const server = process.env.TEST_DATABASE_URL;
  if (!server) throw new Error("TEST_DATABASE_URL must name a PostgreSQL.");
  const size = { users: 500, groups: 10, memberships: 1_000 };
  const crm = await startDirectoryCrm(server, { processes: 2, syncSeconds: SYNC_SECONDS, size });
  try {
    const [app, other] = crm.processes;
    assert(app && other);
    await crm.loaded();
    crm.relay.target = app.url;
    const headers = bearer(await requestToken(crm.idp.issuer, "uma@example.com"));
    await until(async () => (await fetch(`${app.url}/contacts`, { headers })).ok, LIMIT_MS, "the user is served");

    const during = async (victim: AppProcess): Promise<Seen> => {
      const idle = Array.from({ length: IDLE_CONNECTIONS }, () => connect(Number(new URL(victim.url).port)));
      for (const socket of idle) socket.on("error", () => {});
      const user = startLoad(app.url, [(ask) => ask({ name: "list", path: "/contacts", headers }).then(pause)]);
      const attacked = attackFromElsewhere(crm, victim, count);
      const changes = await changeDuring(crm, attacked);
      for (const socket of idle) socket.destroy();
      return { user: await user.stop(), changes, attack: await attacked };
    };
    const rowsBefore = await rowCounts(crm.db);
    const { most: memory } = await memoryDuring(app.pid, () => during(app));
    const elsewhere = await during(other);
    const { most, result: here } = await memoryDuring(app.pid, () => during(app));

    console.table(here.attack);
    report("another process is attacked", elsewhere);
    report("the user's process is attacked", here);
    console.log(`memory at most: ${memory.toFixed()} MB in a first such minute, ${most.toFixed()} MB in a second`);
    console.log(`answers to Okta's hooks, its challenge included: ${JSON.stringify(crm.relay.statuses)}`);
    assert.deepEqual(tally(here.user), { "list: 200": here.user.length });
    assert(timeOf(here, 50) <= MAX_SLOWER * timeOf(elsewhere, 50), "the user waits");
    assert(most - memory <= MAX_GROWTH_MB, "the process grows");
    assert.deepEqual(Object.keys(crm.relay.statuses), ["200", "204"], "a hook was refused");
    await untilInStep(crm.db, crm.idp.org, LIMIT_MS);
    await until(async () => (await inboxState(crm.db)).waiting === 0, LIMIT_MS, "an empty inbox");
    assert.deepEqual(await rowCounts(crm.db), rowsBefore, "the database grows");
  } finally {
    await crm.stop();
  }
}

async function attackFromElsewhere({ hookSecret }: DirectoryCrm, { url }: AppProcess, count: number): Promise<object> {
  const program = programArguments("test/support/directory/attack-process.ts");
  const args = [...program, `${url}/okta/events`, hookSecret, String(count), String(MINUTE_MS)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

/** Moves users in and out of a group until something has ended. @returns how often */
async function changeDuring({ idp, grown }: DirectoryCrm, end: Promise<unknown>): Promise<number> {
  const { organization } = idp.org;
  const [group = ""] = grown.groups;
  let isOver = false;
  end.finally(() => (isOver = true)).catch(() => {});
  let changes = 0;
  // An even number of times, so that the tables have as many rows as before.
  while (!isOver || changes % 2 === 1) {
    const user = grown.users[Math.floor(changes / 2) % grown.users.length] ?? "";
    if (organization.groups.of(user).some(({ id }) => id === group)) organization.removeMember(group, user);
    else organization.addMember(group, user);
    changes++;
    await sleep(CHANGE_EVERY_MS);
  }
  return changes;
}

function report(when: string, seen: Seen): void {
  const [p50, p99] = [50, 99].map((percent) => timeOf(seen, percent).toFixed(1));
  const { user, changes } = seen;
  console.log(`${when}: ${changes} changes at Okta, ${user.length} lists of the user, p50 ${p50} ms, p99 ${p99} ms`);
}

/** How long the user waited for a list, in ms. */
function timeOf({ user }: Seen, percent: number): number {
  return percentile(
    user.map(({ startedAt, endedAt }) => endedAt - startedAt),
    percent,
  );
}

async function rowCounts(db: Db): Promise<Record<string, number>> {
  const tables = await rowsOf<{ name: string }>(
    db,
    sql`select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables.filter((table) => !GROWING.includes(table.name))) {
    const [row] = await rowsOf<{ count: number }>(db, sql`select count(*)::int as count from ${sql.identifier(name)}`);
    counts[name] = row?.count ?? 0;
  }
  return counts;
}

const pause = () => sleep(PAUSE_MS);
