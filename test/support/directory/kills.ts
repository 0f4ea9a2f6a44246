import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { inboxState } from "../../../app/directory/store/inbox.js";
import { isWaitingForLock } from "../database/statements.js";
import { until } from "../until.js";
import { personIn } from "./contents.js";
import { untilInStep } from "./okta-server.js";
import { isLoaded, leaderOf, type SyncProcess, type SyncProcesses } from "./sync-processes.js";

const STEP_MS = 30_000;

/** When a process is killed that has answered a hook: at once, while it asks Okta, or while it writes what Okta has said. */
export const moments = ["answered", "asking Okta", "writing"] as const;
type Moment = (typeof moments)[number];

/**
 * Tells a process of a change by its hook alone, kills it between the answer and the effect, and starts another one; again
 * and again, at each moment in turn. What changes are memberships, which neither the log nor a delta shows here.
 *
 * @param users - ids of active users, who take turns
 * @param group - the id of the group that they join and leave
 * @throws AssertionError when a change has no effect after the kill, or had one before
 */
export async function killBeforeEffects(
  processes: SyncProcesses,
  { users, group, times }: { users: readonly string[]; group: string; times: number },
): Promise<void> {
  const { db, okta } = processes;
  const { organization } = okta.org;
  const isMember = async (id: string) => (await personIn(db, id)).includes(group);
  let current = await processes.start();
  await until(() => isLoaded(db), STEP_MS, "the first load");
  await until(async () => (await inboxState(db)).waiting === 0, STEP_MS, "an empty inbox");
  for (let n = 0; n < times; n++) {
    const user = users[n % users.length] ?? assert.fail("no users");
    const moment = moments[n % moments.length] ?? "answered";
    const joins = !(await isMember(user));
    organization.quietly(() => (joins ? organization.addMember(group, user) : organization.removeMember(group, user)));
    await killAt(moment, processes, current, user);
    assert.equal(await isMember(user), !joins, `the effect came before the kill (${moment})`);
    okta.beforeCall = () => {};
    await processes.endLease();
    current = await processes.start();
    await until(
      async () => (await isMember(user)) === joins,
      STEP_MS,
      `the effect of what was told before kill ${n + 1} (${moment})`,
    );
  }
}

async function killAt(moment: Moment, processes: SyncProcesses, victim: SyncProcess, user: string): Promise<void> {
  const { db, okta } = processes;
  const tell = async () => assert.equal(await victim.tellOf(user), 204);
  if (moment === "writing") {
    return db.transaction(async (tx) => {
      await tx.execute(sql`lock table directory_memberships in exclusive mode`);
      await tell();
      await until(() => isWaitingForLock(tx), STEP_MS, "a write");
      await processes.kill(victim);
    });
  }
  const asked = new Promise<void>((resolve) => {
    okta.beforeCall = () => {
      resolve();
      // No answer.
      return new Promise(() => {});
    };
  });
  await tell();
  if (moment === "asking Okta") await asked;
  await processes.kill(victim);
}

/**
 * Kills the process that leads, changes a user meanwhile, and starts another one; again and again. There are two at a time.
 *
 * @returns how long it took each time until the other one led, in ms
 * @throws AssertionError when no other one leads, or does not go on
 */
export async function killLeaders(processes: SyncProcesses, times: number): Promise<number[]> {
  const { db, okta } = processes;
  const { organization } = okta.org;
  const [user] = organization.users.values();
  assert(user);
  const took: number[] = [];
  await Promise.all([processes.start(1), processes.start(1)]);
  await until(() => isLoaded(db), STEP_MS, "the first load");
  for (let n = 0; n < times; n++) {
    await until(() => processes.leader(), STEP_MS, "a leader");
    const [name, leader] = [await leaderOf(db), await processes.leader()];
    assert(leader);
    await processes.kill(leader);
    const killedAt = performance.now();
    organization.updateProfile(user.id, { department: `after the end of leader ${n + 1}` });
    await until(async () => ![null, name].includes(await leaderOf(db)), STEP_MS, "another leader");
    took.push(performance.now() - killedAt);
    await untilInStep(db, okta.org, STEP_MS);
    await processes.start(1);
  }
  return took;
}

/**
 * Starts two processes, and lets the one that leads stand still (SIGSTOP) in the middle of writing that a user is suspended, as
 * a virtual machine may.
 *
 * @returns the one that stands still
 */
export async function freezeWhileWriting(processes: SyncProcesses, user: string): Promise<SyncProcess> {
  const { db, okta } = processes;
  const { organization } = okta.org;
  await Promise.all([processes.start(), processes.start()]);
  await until(() => isLoaded(db), STEP_MS, "the first load");
  await until(async () => (await inboxState(db)).waiting === 0, STEP_MS, "an empty inbox");
  await until(() => processes.leader(), STEP_MS, "a leader");
  const leader = (await processes.leader()) ?? assert.fail("no leader");
  organization.quietly(() => organization.changeStatus(user, "suspend"));
  await db.transaction(async (tx) => {
    await tx.execute(sql`lock table directory_memberships in exclusive mode`);
    assert.equal(await leader.tellOf(user), 204);
    await until(() => isWaitingForLock(tx), STEP_MS, "a write");
    leader.child.kill("SIGSTOP");
  });
  return leader;
}
