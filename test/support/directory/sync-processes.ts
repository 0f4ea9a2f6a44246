import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { sql } from "drizzle-orm";
import type { Db } from "../../../app/db/database.js";
import type { Doorbell } from "../../../app/directory/store/inbox.js";
import { readSyncState } from "../../../app/directory/store/state.js";
import { programArguments } from "../stack/compiled.js";
import type { OktaServer } from "./okta-server.js";

/** What the processes take for Okta. */
export const HOOK_SECRET = "6f1d8a40c7e25b93f04be7a1d2c95836";

/** A process that follows Okta; see `sync-process.ts`. */
export interface SyncProcess {
  readonly child: ChildProcess;
  /** See {@link Follower}. */
  readonly url: string;
  /** Tells its hook of an event that is about a user. @returns the answer's status */
  tellOf(user: Doorbell["id"]): Promise<number>;
}

/** Processes that follow one organization into one database, as those of the CRM do. */
export class SyncProcesses {
  readonly db: Db;
  readonly okta: OktaServer;
  readonly #url: string;
  readonly #running = new Set<SyncProcess>();

  /** @param url - of the database, which `db` has opened */
  constructor(url: string, db: Db, okta: OktaServer) {
    this.#url = url;
    this.db = db;
    this.okta = okta;
  }

  /** @param syncSeconds - default: so long that only hooks tell of changes */
  async start(syncSeconds = 600): Promise<SyncProcess> {
    const { origin, org } = this.okta;
    const program = programArguments("test/support/directory/sync-process.ts");
    const args = [...program, this.#url, origin, org.apiToken, HOOK_SECRET, String(syncSeconds)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    assert(child.stdout);
    const early = once(child, "exit").then(() => Promise.reject(new Error("a process ended before it listened")));
    const [told] = (await Promise.race([once(child.stdout, "data"), early])) as [Buffer];
    early.catch(() => {});
    const url = String(told).trim();
    const started = { child, url, tellOf: (user: string) => tellOf(`${url}/okta/events`, user) };
    this.#running.add(started);
    return started;
  }

  /** Sends SIGKILL, and waits for the end. */
  async kill(victim: SyncProcess): Promise<void> {
    this.#running.delete(victim);
    const ended = once(victim.child, "exit");
    victim.child.kill("SIGKILL");
    await ended;
  }

  /** Lets another process lead at once, as if the lease of a killed one had run out. */
  async endLease(): Promise<void> {
    await this.db.execute(sql`update directory_state set leader = null`);
  }

  /** The process that leads; `undefined`: none does. */
  async leader(): Promise<SyncProcess | undefined> {
    const leader = await leaderOf(this.db);
    return [...this.#running].find(({ child }) => leader?.includes(` ${child.pid} `));
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#running].map((each) => this.kill(each)));
    await this.endLease();
  }
}

/** The name of the process that leads; `null`: none does. */
export async function leaderOf(db: Db): Promise<string | null> {
  return (await stateOf(db))?.leader ?? null;
}

/** Whether the first load is complete. */
export async function isLoaded(db: Db): Promise<boolean> {
  return (await stateOf(db))?.loadedAt != null;
}

/** There is none before the first process has begun. */
function stateOf(db: Db) {
  return readSyncState(db).catch(() => undefined);
}

async function tellOf(hook: string, user: string): Promise<number> {
  const event = { uuid: "e", published: new Date().toISOString(), eventType: "group.user_membership.add" };
  const events = [{ ...event, target: [{ id: user, type: "User" }] }];
  const { status } = await fetch(hook, {
    method: "POST",
    headers: { Authorization: HOOK_SECRET, "Content-Type": "application/json" },
    body: JSON.stringify({ eventType: "com.okta.event_hook", data: { events } }),
  });
  return status;
}
