import { sql } from "drizzle-orm";
import type { DirectorySettings } from "../../config.js";
import { type Db, rowsOf } from "../../db/database.js";
import { type DirectoryEvent, lastEvents } from "../store/events.js";
import { type InboxState, inboxState } from "../store/inbox.js";
import { type Held, readHeld } from "../store/missing.js";
import {
  type Brake,
  findSyncState,
  type Progress,
  type ReconciliationProgress,
  type SyncState,
} from "../store/state.js";
import type { Rules } from "./person.js";
import { countContents, type DirectoryContents } from "./store.js";

/** How many people and memberships are named of what the brake holds, and how many events are told. */
const MAX_NAMED = 20;
const MAX_EVENTS = 20;

/** How closely the directory follows Okta, in short. Times are ISO 8601. */
export interface SyncSummary {
  readonly version: number;
  /** Up to when it has followed Okta; `null`: it never has. */
  readonly asOf: string | null;
  /** How long ago that was, in seconds. */
  readonly ageSeconds: number | null;
  /** Whether that is recent enough for decisions. */
  readonly isUpToDate: boolean;
  /** Whether everything is being read now, and why; `null`: it is not. */
  readonly underWay: Progress["kind"] | null;
  readonly brake: Pick<Brake, "since" | "people" | "memberships"> | null;
}

/** A part of everything that is being read: how much of it has been, of how much as far as is known. */
export interface ProgressPart {
  readonly name: "groups" | "users" | "members";
  readonly state: "done" | "now" | "later";
  /** What has been read. */
  readonly count: number;
  /** How far this part is; `null`: that cannot be said. Of members it is groups that are counted. */
  readonly of: { readonly value: number; readonly max: number } | null;
}

/** How far the reading of everything is. */
export interface ShownProgress {
  /** What a reconciliation is for; `null`: it is the first load. */
  readonly reason: ReconciliationProgress["reason"] | null;
  readonly parts: readonly ProgressPart[];
}

/** All that is known of how the directory follows Okta. */
export interface SyncStatus extends SyncSummary {
  /** Its origin. */
  readonly organization: string | null;
  /** When the first load was complete, and the last comparison of everything. */
  readonly loadedAt: string | null;
  readonly reconciledAt: string | null;
  /** The process that follows Okta; `null`: none does at the moment. */
  readonly leader: string | null;
  readonly inbox: InboxState;
  readonly contents: DirectoryContents;
  /** Present with {@link underWay}. */
  readonly progress: ShownProgress | null;
  readonly brake: (Pick<Brake, "since" | "people" | "memberships"> & { readonly held: Held }) | null;
  readonly events: readonly DirectoryEvent[];
}

/** The directory that follows Okta, as its pages need to know it. */
export interface FollowedDirectory {
  readonly settings: DirectorySettings;
  readonly rules: NonNullable<Rules>;
  /** Whether Okta's event hook tells of changes. */
  readonly hasHook: boolean;
}

/** Reads how closely the directory follows Okta, in one query. @returns `null`: it has not begun to */
export async function readSyncSummary(db: Db, settings: DirectorySettings): Promise<SyncSummary | null> {
  const state = await findSyncState(db);
  return state ? summaryOf(state, settings) : null;
}

/** Reads all that is known of how the directory follows Okta. @returns `null`: it has not begun to */
export async function readSyncStatus(db: Db, settings: DirectorySettings): Promise<SyncStatus | null> {
  const [state, inbox, contents, events] = await Promise.all([
    findSyncState(db),
    inboxState(db),
    countContents(db),
    lastEvents(db, MAX_EVENTS),
  ]);
  if (!state) return null;
  const { loadedAt, reconciledAt, leader, progress, brake } = state;
  const summary = summaryOf(state, settings);
  return {
    ...summary,
    organization: state.org,
    ...{ loadedAt, reconciledAt, leader, inbox, contents, events },
    progress: progress && {
      reason: progress.kind === "load" ? null : progress.reason,
      parts: await partsOf(db, progress, contents),
    },
    brake: brake && summary.brake && { ...summary.brake, held: await readHeld(db, brake.start, MAX_NAMED) },
  };
}

function summaryOf(state: SyncState, { maxAgeSeconds }: DirectorySettings): SyncSummary {
  const { version, logReadAt, progress, brake, now } = state;
  const ageSeconds = logReadAt === null ? null : Math.max(0, (now - Date.parse(logReadAt)) / 1_000);
  return {
    version,
    asOf: logReadAt,
    ageSeconds,
    isUpToDate: ageSeconds !== null && ageSeconds <= maxAgeSeconds,
    underWay: progress?.kind ?? null,
    brake: brake && { since: brake.since, people: brake.people, memberships: brake.memberships },
  };
}

const PARTS = ["groups", "users", "members"] as const;

/** How far each part is. What a first load will find is not known before. */
async function partsOf(db: Db, progress: Progress, contents: DirectoryContents): Promise<ProgressPart[]> {
  const { kind, phase, counts } = progress;
  const place = phase === "end" ? PARTS.length : PARTS.indexOf(phase);
  const [all, done] = phase === "members" ? [contents.groups, await groupsBefore(db, progress.group)] : [0, 0];
  const expected = { groups: contents.groups, users: contents.people, members: all } as const;
  return PARTS.map((name, n): ProgressPart => {
    const count = counts[name];
    if (n < place) return { name, state: "done", count, of: { value: 1, max: 1 } };
    if (n > place) return { name, state: "later", count, of: { value: 0, max: 1 } };
    const isKnown = name === "members" || kind === "reconciliation";
    const value = name === "members" ? done : count;
    return { name, state: "now", count, of: isKnown ? { value, max: Math.max(1, value, expected[name]) } : null };
  });
}

/** How many groups' members are read before those of a group. */
async function groupsBefore(db: Db, id: string | undefined): Promise<number> {
  if (id === undefined) return 0;
  const [row] = await rowsOf<{ count: number }>(
    db,
    sql`select count(*)::int as count from directory_groups where id < ${id} and gone_at is null`,
  );
  return row?.count ?? 0;
}
