import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { lockingTransaction } from "../../db/locking-transaction.js";
import { forgetReports } from "./reports.js";

/** Where the first load is. */
export interface LoadProgress {
  readonly kind: "load";
  readonly phase: "groups" | "users" | "members" | "end";
  /** The link to the page that comes next; `undefined`: the first page of the phase or group. */
  readonly page?: string | undefined;
  /** The group whose members are being read. */
  readonly group?: string | undefined;
  /** The number of a read before the first one of members. */
  readonly membersRead?: number | undefined;
  /** From when on the first delta asks for changes, by Okta's clock as far as ours is right. */
  readonly changedSince: string;
  /** What has been read so far, to be watched. */
  readonly counts: { readonly groups: number; readonly users: number; readonly members: number };
}

/** Where a reconciliation is. */
export interface ReconciliationProgress {
  readonly kind: "reconciliation";
  readonly reason: "daily" | "by hand" | "log lost" | "group back" | "manager attribute";
  readonly phase: "groups" | "users" | "members" | "end";
  readonly page?: string | undefined;
  readonly group?: string | undefined;
  /** The number of a read before its first one: what it has found has a greater one. `undefined`: it has not begun. */
  readonly start?: number | undefined;
  readonly counts: { readonly groups: number; readonly users: number; readonly members: number };
}

export type Progress = LoadProgress | ReconciliationProgress;

/** What a reconciliation would remove, and does not. */
export interface Brake {
  /** ISO 8601. */
  readonly since: string;
  readonly people: number;
  readonly memberships: number;
  /** The number of the read from which on what was not found is older: what the brake is about can be found by it. */
  readonly start: number;
  /** The same for the same people and memberships. */
  readonly hash: string;
}

/** What a process follows. */
export interface DirectorySource {
  /** The organization's origin. */
  readonly org: string;
  /** The attribute of profiles that names managers. */
  readonly managerAttribute: string;
}

/** How far the directory has followed Okta. Times are ISO 8601. */
export interface SyncState {
  readonly org: string | null;
  readonly managerAttribute: string | null;
  readonly version: number;
  readonly loadedAt: string | null;
  readonly progress: Progress | null;
  readonly logCursor: string | null;
  readonly logReadAt: string | null;
  readonly changedSince: string | null;
  /** Whether each change of people is one of who reports to whom. */
  readonly keepsReports: boolean;
  readonly reconciledAt: string | null;
  /** How long ago the last reconciliation ended, in seconds; `null`: there was none. */
  readonly reconciledSecondsAgo: number | null;
  readonly brake: Brake | null;
  /** Which process leads; `null`: none does at the moment. */
  readonly leader: string | null;
  /** The database's time, in ms since 1970. */
  readonly now: number;
}

const iso = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);

/** @throws Error when there is no state yet: see {@link claimOrg} */
export async function readSyncState(db: Db): Promise<SyncState> {
  const state = await findSyncState(db);
  if (!state) throw new Error("the directory has no state yet");
  return state;
}

/** @returns `undefined` when there is no state yet: see {@link claimOrg} */
export async function findSyncState(db: Db): Promise<SyncState | undefined> {
  const [row] = await rowsOf<SyncState>(
    db,
    sql`select org, manager_attribute as "managerAttribute", version::double precision as version, ${iso("loaded_at")} as "loadedAt", progress,
        log_cursor as "logCursor", ${iso("log_read_at")} as "logReadAt", changed_since as "changedSince",
        reports_kept_since is not null as "keepsReports", ${iso("reconciled_at")} as "reconciledAt", brake,
        extract(epoch from clock_timestamp() - reconciled_at)::double precision as "reconciledSecondsAgo",
        case when leader_until > clock_timestamp() then leader end as leader,
        (extract(epoch from clock_timestamp()) * 1000)::double precision as now
      from directory_state`,
  );
  return row;
}

/**
 * Says which Okta organization the directory is of. When it was of another one, nothing of it is true any more: all users
 * are as if they were only known from logins, and the first load begins anew. When only another attribute of profiles names
 * managers, nobody reports to anybody until all profiles have been read anew. A process that follows something else leads no
 * longer.
 *
 * @returns whether it was of another organization
 */
export async function claimOrg(db: Db, { org, managerAttribute }: DirectorySource): Promise<boolean> {
  await db.execute(sql`insert into directory_state (org) values (${org}) on conflict do nothing`);
  return lockingTransaction(db, async (tx) => {
    const [state] = await rowsOf<Record<keyof DirectorySource, string | null>>(
      tx,
      sql`select org, manager_attribute as "managerAttribute" from directory_state for update`,
    );
    const isSameOrg = state?.org === org;
    if (isSameOrg && state.managerAttribute === managerAttribute) return false;
    await forgetReports(tx);
    const progress = JSON.stringify(newReconciliation("manager attribute"));
    await tx.execute(
      sql`update directory_state set org = ${org}, manager_attribute = ${managerAttribute}, version = version + 1,
        progress = case when loaded_at is not null then ${progress}::json end, leader = null, leader_until = null`,
    );
    if (!isSameOrg) await forgetOrg(tx);
    return !isSameOrg && state?.org !== null;
  });
}

/** Nothing counts any more that was read from another organization. */
async function forgetOrg(tx: Db): Promise<void> {
  await tx.execute(
    sql`update directory_state set groups_version = version, loaded_at = null, progress = null, log_cursor = null,
      log_read_at = null, changed_since = null, reconciled_at = null, brake = null`,
  );
  await tx.execute(sql`delete from directory_memberships`);
  await tx.execute(sql`delete from directory_groups`);
  await tx.execute(sql`delete from directory_inbox`);
  await tx.execute(
    sql`update people set status = null, gone_at = null, groups_read = 0
      where (status is not null or groups_read > 0) and erased_at is null`,
  );
}

/** Keeps where the first load or a reconciliation is. To be part of the write of a page. @param progress - `null`: none */
export async function keepProgress(tx: Db, progress: Progress | null): Promise<void> {
  const json = progress && JSON.stringify(progress);
  await tx.execute(sql`update directory_state set progress = ${json}::json`);
}

/** Keeps the link to the next page of the log. */
export async function keepLogCursor(tx: Db, cursor: string): Promise<void> {
  await tx.execute(sql`update directory_state set log_cursor = ${cursor}`);
}

/**
 * Keeps up to when the directory has followed Okta: since everything that its log had then is in the directory.
 *
 * @param timeMs - by the database's clock, in ms since 1970. An earlier one than that which is kept is ignored
 */
export async function keepLogReadAt(tx: Db, timeMs: number): Promise<void> {
  await tx.execute(
    sql`update directory_state
      set log_read_at = greatest(log_read_at, to_timestamp(${timeMs / 1000}::double precision))`,
  );
}

/** Keeps from which time on, by Okta's clock, changes have to be asked for. */
export async function keepChangedSince(tx: Db, time: string): Promise<void> {
  await tx.execute(sql`update directory_state set changed_since = ${time}`);
}

/**
 * Says that the first load is complete. People whom only logins have told of, and whom Okta did not list, ring; tombstones of
 * people who came and went meanwhile are dropped.
 */
export async function endLoad(tx: Db, changedSince: string): Promise<void> {
  await tx.execute(
    sql`delete from people where gone_at is not null and name = '' and login = '' and erased_at is null`,
  );
  await tx.execute(
    sql`insert into directory_inbox (kind, id, source, is_urgent)
      select 'user', id, 'load', false from people where status is null and not is_service order by id collate "C"
      on conflict do nothing`,
  );
  await tx.execute(
    sql`update directory_state set loaded_at = clock_timestamp(), reconciled_at = clock_timestamp(), progress = null,
      changed_since = ${changedSince}`,
  );
}

/** Says that a reconciliation is complete. */
export async function endReconciliation(tx: Db): Promise<void> {
  await tx.execute(sql`update directory_state set reconciled_at = clock_timestamp(), progress = null`);
}

/** What a reconciliation begins with. */
export function newReconciliation(reason: ReconciliationProgress["reason"]): ReconciliationProgress {
  return { kind: "reconciliation", reason, phase: "groups", counts: { groups: 0, users: 0, members: 0 } };
}

/**
 * Asks for a reconciliation, which the process that leads begins within seconds.
 *
 * @returns `false` when one is under way, or the first load is
 */
export async function requestReconciliation(
  db: Db,
  reason: ReconciliationProgress["reason"] = "by hand",
): Promise<boolean> {
  const rows = await rowsOf(
    db,
    sql`update directory_state set progress = ${JSON.stringify(newReconciliation(reason))}::json
      where loaded_at is not null and progress is null returning 1`,
  );
  return rows.length > 0;
}
