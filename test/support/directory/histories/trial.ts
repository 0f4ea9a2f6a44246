import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../../../app/db/database.js";
import { lastEvents } from "../../../../app/directory/store/events.js";
import { inboxState } from "../../../../app/directory/store/inbox.js";
import { readSyncState, requestReconciliation } from "../../../../app/directory/store/state.js";
import { ageOrganization } from "../../okta/age-organization.js";
import { growOrganization } from "../../okta/grow-organization.js";
import { until } from "../../until.js";
import { emptyDirectory } from "../contents.js";
import { type OktaServer, startOktaServer, untilInStep } from "../okta-server.js";
import { HOOK_SECRET, isLoaded } from "../sync-processes.js";
import { callBudget } from "./budget.js";
import { CallLog } from "./calls.js";
import { DecisionWatch } from "./decisions.js";
import { checkEnd } from "./end.js";
import { Facts } from "./facts.js";
import { type StartProcess, SYNC_SECONDS } from "./grounds.js";
import type { History, Step } from "./history.js";
import { startHookBalancer } from "./hook-balancer.js";
import { Processes } from "./processes.js";
import { Spans } from "./spans.js";
import { doStep } from "./steps.js";

/** How long it takes at most until the directory is what the organization is, whatever has gone wrong. */
const STEP_MS = 90_000;
/** Time for what an interval does not say: to ask, to write, and to hear of it. */
const SLACK_MS = 1_000;

/** What a history runs on. */
export interface Ground {
  /** Its tables are emptied. */
  readonly db: Db;
  /** Starts a process that follows an organization into the database. */
  readonly start: StartProcess;
  /** How many processes there can be at a time, at most. */
  readonly maxProcesses: number;
  /** Whether decisions must follow within the interval and a second: not on a machine that is too busy for that. */
  readonly isTimed: boolean;
}

/** What came of a history. */
export interface Outcome {
  readonly findings: readonly string[];
  readonly steps: number;
  readonly decisions: number;
  readonly unanswered: number;
  /** The share of the time in which the machine was too busy, which does not count. */
  readonly busyShare: number;
  /** By how much the most outdated decision was within the bound (below 0), or beyond it, in ms. */
  readonly worstMs: number;
  readonly calls: number;
  /** The calls in comparison with those that there may be. */
  readonly budgetShare: number;
  /** Refusals beyond a limit in one window, at most. */
  readonly mostOverLimit: number;
  readonly kills: number;
  readonly takeOversMs: readonly number[];
}

/** Lets a history happen, and judges what the processes make of it. */
export async function tryHistory(history: History, { db, start, maxProcesses, isTimed }: Ground): Promise<Outcome> {
  await until(() => isAlone(db), STEP_MS, "the end of what killed processes did");
  await emptyDirectory(db);
  const okta = await startOktaServer({ faults: history.faults, seed: history.seed });
  const { organization } = okta.org;
  growOrganization(organization, history.size);
  ageOrganization(organization);
  const userIds = new Set([...organization.users.values()].map(({ id }) => id));
  const targets: string[] = [];
  organization.listen({ event: ({ target }) => void targets.push(...target.map(({ id }) => id)) });
  const facts = new Facts(organization, () => history.faults.logLagMs ?? 0);
  const excused = new Spans();
  const calls = new CallLog(okta, excused);
  const processes = new Processes(() => start(okta), db, excused);
  const hooks = await startHookBalancer(() => processes.running);
  okta.org.addEventHook({ url: hooks.url, secret: HOOK_SECRET });
  const began = performance.now();
  const watch = new DecisionWatch({
    ...{ db, facts, excused, asked: () => processes.running, userIds: () => [...userIds] },
    boundMs: () =>
      isTimed ? SYNC_SECONDS * 1_000 + SLACK_MS + (history.faults.logLagMs ?? 0) : Number.POSITIVE_INFINITY,
    clockAheadMs: await clockAheadMs(db),
  });
  const findings = watch.findings;
  try {
    await processes.begin(Math.min(history.processes, maxProcesses));
    if (history.isLoadedBefore) await until(() => isLoaded(db), STEP_MS, "the first load");
    for (const [n, step] of history.steps.entries()) {
      const userId = await take(step, n, { db, okta, processes });
      if (userId) {
        userIds.add(userId);
        facts.notice(userId);
      }
      await sleep(step.pauseMs);
    }
    await processes.settle();
    await converge(db, okta, history);
    await watch.stop();
    findings.push(...(await checkEnd(db, okta.org.organization, processes.running, { ...watch, userIds })));
  } catch (error) {
    findings.push(error instanceof Error ? (error.stack ?? error.message) : String(error), await stateIn(db));
  } finally {
    await watch.stop();
    await processes.stop();
    await hooks.stop();
    await okta.stop();
  }
  if (calls.isBeyondLimits(processes.started))
    findings.push(`${calls.mostOverLimit} calls beyond a limit in one window`);
  const budget = callBudget({
    ...{ history, seconds: (performance.now() - began) / 1_000, targets: targets.length },
    ...{ users: userIds.size, processes: processes.started, deliveries: hooks.deliveries },
    ...{ groups: organization.groups.all.size, toBeRepeated: calls.toBeRepeated },
  });
  if (calls.total > budget) findings.push(`${calls.total} calls, and not at most ${Math.round(budget)}`);
  return {
    ...{ findings, steps: history.steps.length, decisions: watch.decisions, unanswered: watch.unanswered },
    ...{
      worstMs: watch.worstMs,
      busyShare: watch.busyMs / watch.watchedMs,
      calls: calls.total,
      budgetShare: calls.total / budget,
    },
    ...{ mostOverLimit: calls.mostOverLimit, kills: processes.kills, takeOversMs: processes.takeOversMs },
  };
}

/** @returns the id of the user whom the step was about, if any */
async function take(
  step: Step,
  n: number,
  { db, okta, processes }: { db: Db; okta: OktaServer; processes: Processes },
): Promise<string | undefined> {
  switch (step.kind) {
    case "expireCursors":
      return void okta.org.expireCursors();
    case "reconcile":
      // Where a process stands still in the middle of a write, the database gives up after a while.
      return void (await requestReconciliation(db).catch(() => false));
    case "freeze":
      return void (await processes.freezeLeader());
    case "kill":
      if (step.b % 4 > 0) await nthCall(okta, step.b % 30);
      return void (await processes.kill(step.a, step.a % 2 === 0));
    default:
      return doStep(okta.org.organization, step, n);
  }
}

/** Resolves while the organization has not answered the n-th call from now on, or after a second without so many. */
async function nthCall(okta: OktaServer, n: number): Promise<void> {
  let left = n;
  let stop = () => {};
  const reached = new Promise<void>((resolve) => {
    stop = resolve;
  });
  okta.beforeCall = () => {
    if (left-- <= 0) stop();
  };
  await Promise.race([reached, sleep(1_000)]);
  okta.beforeCall = () => {};
}

/** Whether no other process has a transaction. One that has been killed may have one for a moment. */
async function isAlone(db: Db): Promise<boolean> {
  const others = await rowsOf(
    db,
    sql`select 1 from pg_stat_activity
      where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()`,
  );
  return others.length === 0;
}

/** Waits until the directory is what the organization is; what nothing tells of, a reconciliation finds. */
async function converge(db: Db, okta: OktaServer, { steps }: History): Promise<void> {
  await until(() => isLoaded(db), STEP_MS, "the first load");
  if (steps.some(({ isQuiet }) => isQuiet)) {
    await reconcile(db);
    // What is too much to be removed at once is removed when the next one finds the same.
    if ((await readSyncState(db)).brake) await reconcile(db);
  }
  await untilInStep(db, okta.org, STEP_MS);
  const isIdle = async () => (await readSyncState(db)).progress === null && (await inboxState(db)).waiting === 0;
  await until(isIdle, STEP_MS, "nothing is to be done");
  assert.equal((await readSyncState(db)).brake, null, "the brake holds something");
}

async function reconcile(db: Db): Promise<void> {
  await until(() => requestReconciliation(db), STEP_MS, "a reconciliation begins");
  const isDone = async () => (await readSyncState(db)).progress === null;
  await until(isDone, STEP_MS, "the reconciliation");
}

/** Where the directory is, for whoever looks for the cause of a failure. */
async function stateIn(db: Db): Promise<string> {
  const events = await lastEvents(db, 5);
  return JSON.stringify({ ...(await readSyncState(db)), ...(await inboxState(db)), events });
}

/** By how much the database's clock is ahead of this process's, in ms. */
async function clockAheadMs(db: Db): Promise<number> {
  const before = Date.now();
  const [row] = await rowsOf<{ now: number }>(
    db,
    sql`select (extract(epoch from clock_timestamp()) * 1000)::double precision as now`,
  );
  return (row?.now ?? Number.NaN) - (before + Date.now()) / 2;
}
