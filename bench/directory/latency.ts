import { startDirectoryCrm } from "../../test/support/stack/directory-crm.js";
import { ChangingUsers } from "./changes.js";
import { printFigures, timeFigures } from "./report.js";

const SIZE = { users: 1_000, groups: 20, memberships: 3_000 };
const CHANGES_WITH_HOOKS = Number(process.env.CHANGES ?? 1_000);
const CHANGES_WITHOUT = CHANGES_WITH_HOOKS / 10;
/** So long that only hooks tell of changes. */
const NEVER_SECONDS = 600;
const INTERVAL_SECONDS = 2;

/** From a change at Okta to the first decision by it, in one process: told by hooks, and without them. */
export async function latency(server: string): Promise<void> {
  const withHooks = await measure(server, NEVER_SECONDS, CHANGES_WITH_HOOKS);
  const without = await measure(server, INTERVAL_SECONDS, CHANGES_WITHOUT);
  const limit = (INTERVAL_SECONDS + 1) * 1_000;
  printFigures("one process: until the first decision by a change, ms", [
    ...timeFigures(`${CHANGES_WITH_HOOKS} changes, from the hook's arrival`, withHooks, { p50: 200, p99: 1_000 }),
    ...timeFigures(`${CHANGES_WITHOUT} changes without hooks, interval ${INTERVAL_SECONDS} s`, without, {}),
    { name: "the longest of them", measured: Math.max(...without), atMost: limit },
  ]);
}

async function measure(server: string, syncSeconds: number, count: number): Promise<number[]> {
  const crm = await startDirectoryCrm(server, { syncSeconds, size: SIZE });
  try {
    const isTold = syncSeconds === NEVER_SECONDS;
    if (isTold) crm.relay.target = crm.processes[0]?.url;
    const users = await ChangingUsers.create(crm);
    const measured = await users.measure(count, isTold ? "hook" : "change");
    users.close();
    return measured.flatMap(({ decidedMs }) => decidedMs);
  } finally {
    await crm.stop();
  }
}
