import assert from "node:assert/strict";
import { leaderOf } from "../../test/support/directory/sync-processes.js";
import { startDirectoryCrm } from "../../test/support/stack/directory-crm.js";
import { ChangingUsers, type MeasuredChange } from "./changes.js";
import { type Figure, printFigures, timeFigures } from "./report.js";

const PROCESSES = 3;
const SIZE = { users: 1_000, groups: 20, memberships: 3_000 };
const CHANGES = Number(process.env.CHANGES ?? 1_000) * 0.3;
/** So long that only hooks tell of changes. */
const SYNC_SECONDS = 600;

/** Three processes with one database, of which one leads: how soon each decides by a change, whoever gets the hook. */
export async function processes(server: string): Promise<void> {
  const crm = await startDirectoryCrm(server, { processes: PROCESSES, syncSeconds: SYNC_SECONDS, size: SIZE });
  try {
    crm.relay.target = crm.processes[0]?.url;
    const users = await ChangingUsers.create(crm);
    const name = await leaderOf(crm.db);
    const leads = crm.processes.map(({ pid }) => name?.includes(` ${pid} `) === true);
    const leader = leads.indexOf(true);
    assert(leader >= 0);
    for (const [who, taker] of [
      ["the leader gets all hooks", leader],
      ["another gets all hooks, and the leader none", (leader + 1) % PROCESSES],
    ] as const) {
      crm.relay.target = crm.processes[taker]?.url;
      const measured = await users.measure(CHANGES, "hook");
      printFigures(`${who}: ${CHANGES} changes, ms`, figuresOf(measured, leads));
    }
    users.close();
  } finally {
    await crm.stop();
  }
}

function figuresOf(measured: readonly MeasuredChange[], leads: readonly boolean[]): Figure[] {
  const others = (from: (change: MeasuredChange) => number) =>
    measured.flatMap((change) => change.decidedMs.filter((_, n) => !leads[n]).map((at) => at - from(change)));
  const written = measured.map(({ writtenMs }) => writtenMs);
  const ofLeader = measured.flatMap(({ decidedMs }) => decidedMs.filter((_, n) => leads[n]));
  return [
    ...timeFigures("from the hook's arrival until it is in the directory", written, {}),
    ...timeFigures("from the hook's arrival until the leader decides by it", ofLeader, { p50: 200, p99: 1_000 }),
    ...timeFigures(
      "until the others do",
      others(() => 0),
      { p99: 1_000 },
    ),
    ...timeFigures(
      "from the directory to a decision of the others",
      others(({ writtenMs }) => writtenMs),
      {
        p50: 200,
        p99: 200,
      },
    ),
  ];
}
