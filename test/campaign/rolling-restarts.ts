import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { verify } from "../../app/audit/seal/verify.js";
import { openDatabase } from "../support/database/open-database.js";
import { LoadClients, type SentRequest } from "../support/load/clients.js";
import {
  assertConfirmedChangesAreLogged,
  assertDecisionsOfRequests,
  assertEachChangeHasItsDecision,
  readStored,
} from "../support/load/decision-judge.js";
import { people, type Tokens, Workload } from "../support/load/workload.js";
import { until } from "../support/until.js";
import { type Crm, type Member, startCrm } from "./crm.js";
import { TailFollower } from "./tail-follower.js";

const ROUNDS = 3;
/** Few enough for a machine with two cores on which everything runs, so that nothing is refused for want of time. */
const LOAD = { connections: 8, pauseMs: 30, disconnectShare: 0 };
/** How long the load goes on after an event. */
const AFTERMATH_MS = 3_000;
/** The key of the lock that a sealing process holds; see app/audit/seal/sealer.ts. */
const SEALING_LOCK_KEY = 7_264_002;
const MAX_UNSEALED_MS = 15_000;

/**
 * Two processes under load, which are restarted in turn, killed, and stopped while they seal: no request fails at a
 * restart, and at a kill only those that were in flight; the other process goes on sealing; every acknowledged change has
 * exactly one record, and is seen by who watches the log.
 */
export async function rollingRestarts(): Promise<void> {
  const crm = await startCrm();
  let follower: TailFollower | undefined;
  try {
    follower = new TailFollower(crm.balancer.url, await crm.token("audrey@example.com"), "effect=allow");
    const load = new CountedLoad(crm, await tokensOf(crm));
    await restartInTurn(crm, load);
    await killOne(crm, load);
    await stopWhileSealing(crm, load);
    await judge(crm, load, follower);
  } finally {
    await follower?.stop();
    await crm.stop();
  }
}

async function tokensOf(crm: Crm): Promise<Tokens> {
  const tokens = await Promise.all(people.map(async (name) => [name, await crm.token(`${name}@example.com`)]));
  return Object.fromEntries(tokens) as Tokens;
}

/** The load, and what came of it. */
class CountedLoad {
  /** Every request so far, by its id. */
  readonly requests = new Map<string, SentRequest>();
  readonly #crm: Crm;
  readonly #workload: Workload;

  constructor(crm: Crm, tokens: Tokens) {
    this.#crm = crm;
    this.#workload = new Workload(tokens);
  }

  /** Does something under load. @returns the requests that failed: without a complete answer, or with a status from 500 on */
  async during(act: () => Promise<unknown>): Promise<{ answered: number; failed: readonly SentRequest[] }> {
    const clients = new LoadClients(this.#crm.balancer.url, this.#workload, LOAD);
    try {
      await until(() => clients.answeredIn(0) > 50, 30_000, "answers");
      await act();
      await sleep(AFTERMATH_MS);
    } finally {
      await clients.stop();
    }
    assert.equal(clients.notTaken, 0, "the balancer sent requests to a process that was not ready");
    const sent = [...clients.requests];
    for (const [id, request] of sent) this.requests.set(id, request);
    const isFailed = ({ status }: SentRequest) => status === 0 || status >= 500;
    const failed = sent.map(([, request]) => request).filter(isFailed);
    return { answered: sent.length - failed.length, failed };
  }
}

function report(what: string, figures: Readonly<Record<string, unknown>>): void {
  console.log(
    `${what}: ${Object.entries(figures)
      .map(([name, value]) => `${value} ${name}`)
      .join(", ")}`,
  );
}

async function restartInTurn(crm: Crm, load: CountedLoad): Promise<void> {
  const { answered, failed } = await load.during(async () => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const member of crm.members) await restart(member);
    }
  });
  report(`${ROUNDS} rolling restarts`, { "requests answered": answered, failed: failed.length });
  const which = failed.map(({ planned, status }) => `${planned.name}: ${status}`);
  assert.deepEqual(which, [], "requests failed at a rolling restart");
}

async function restart(member: Member): Promise<void> {
  member.process.kill("SIGTERM");
  assert.equal(await member.process.ended, 0, member.process.output);
  await member.start();
}

async function killOne({ balancer, members: [victim] }: Crm, load: CountedLoad): Promise<void> {
  const before = balancer.failed.length;
  let [inFlight, sent] = [0, 0];
  const { answered, failed } = await load.during(async () => {
    // At a moment when there is something to lose.
    await until(() => balancer.inFlight(victim.url) > 2, 30_000, "requests in flight");
    [inFlight, sent] = [balancer.inFlight(victim.url), balancer.sent(victim.url)];
    victim.process.kill("SIGKILL");
    await until(() => balancer.failed.length > before, 30_000, "a broken connection");
    sent = balancer.sent(victim.url) - sent;
    await victim.process.ended;
    await sleep(AFTERMATH_MS);
    await victim.start();
  });
  // The live tail, which is no request of the load, may be among them.
  const broken = balancer.failed.slice(before);
  report("SIGKILL of one", {
    "in flight at the kill": inFlight,
    "sent before its connections broke": sent,
    "connections broken": broken.length,
    "requests answered": answered,
    failed: failed.length,
  });
  assert(failed.length <= broken.length, "requests failed that were not sent to the killed process");
  const endedAt = Math.min(...broken.map(({ brokenAt }) => brokenAt));
  const others = broken.filter(({ target, sentAt }) => target !== victim.url || sentAt > endedAt);
  assert.deepEqual(others, [], "requests failed that were not in flight when the process ended");
}

async function stopWhileSealing({ direct, members, balancer }: Crm, load: CountedLoad): Promise<void> {
  const seals = async () => Number((await direct.query("select count(*) from seals")).rows[0].count);
  let [tookMs, hanging] = [0, 0];
  const { answered, failed } = await load.during(async () => {
    const sealing = await sealingMember();
    const [before, start] = [await seals(), performance.now()];
    try {
      await until(async () => (await seals()) > before, 2 * MAX_UNSEALED_MS, "the other process seals");
      tookMs = performance.now() - start;
      hanging = balancer.inFlight(sealing.url);
    } finally {
      sealing.process.kill("SIGCONT");
    }
    await until(() => balancer.isReady(sealing.url), 30_000, "the stopped process is ready again");
  });
  report("SIGSTOP of one while it seals", {
    "s until the other has sealed": (tookMs / 1000).toFixed(1),
    "requests hanging in it": hanging,
    "requests answered": answered,
    failed: failed.length,
  });
  assert(tookMs <= MAX_UNSEALED_MS, `it took ${tookMs} ms`);
  assert(failed.length <= hanging, "requests failed that were not sent to the stopped process");

  /** Stops a process in the middle of a seal. @returns it */
  async function sealingMember(): Promise<Member> {
    const blocker = await direct.connect();
    try {
      // A seal waits for this when it is written, and so its process for the database.
      await blocker.query("begin; lock table seals in exclusive mode");
      let name: string | undefined;
      const holder = async () => {
        const { rows } = await direct.query(
          `select application_name as name from pg_locks join pg_stat_activity using (pid)
           where locktype = 'advisory' and objid = $1 and granted and datname = current_database() and state = 'active'`,
          [SEALING_LOCK_KEY],
        );
        name = rows[0]?.name;
        return name;
      };
      await until(holder, 30_000, "a process seals");
      const member = members.find((each) => each.name === name);
      assert(member);
      member.process.kill("SIGSTOP");
      return member;
    } finally {
      await blocker.query("rollback");
      blocker.release();
    }
  }
}

/** Ends both processes, and compares what was acknowledged with what is stored. */
async function judge({ members, direct, databaseUrl }: Crm, load: CountedLoad, follower: TailFollower): Promise<void> {
  const { records: written } = await readStored(direct);
  const unseen = () => written.filter(({ change, id }) => change !== null && !follower.seen.has(id));
  await until(
    () => unseen().length === 0,
    30_000,
    () => `the live tail has every change: ${unseen().length} are missing`,
  );
  await follower.stop();
  for (const { events } of follower.connections) {
    assert.equal(
      new Set(events.map(({ record }) => record.id)).size,
      events.length,
      "a live tail sent something twice",
    );
  }
  for (const { process } of members) process.kill("SIGTERM");
  for (const { process } of members) assert.equal(await process.ended, 0, process.output);

  const stored = await readStored(direct);
  assertEachChangeHasItsDecision(stored, load.requests);
  const acknowledged = assertConfirmedChangesAreLogged(stored, load.requests);
  assertDecisionsOfRequests(stored, load.requests, new Set());
  const { db, close } = await openDatabase({ databaseUrl, dataDir: "" });
  try {
    const { findings, sealed, unsealed } = await verify(db);
    assert.deepEqual(findings, []);
    assert.deepEqual({ sealed, unsealed }, { sealed: stored.records.length, unsealed: 0 });
  } finally {
    await close();
  }
  report("In the end", {
    "acknowledged changes with exactly one record each": acknowledged,
    "records, all of them sealed and verified": stored.records.length,
    "connections of a live tail that saw every change": follower.connections.length,
  });
}
