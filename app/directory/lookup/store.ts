import { and, eq, gt, inArray, isNotNull, isNull, ne, or, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Db } from "../../db/database.js";
import { directoryState, groups, memberships, people } from "../../db/schema.js";
import type { Group } from "./roles.js";

/** How far the directory is. */
export interface DirectoryState {
  readonly version: number;
  /** The version at which a group last changed. */
  readonly groupsVersion: number;
  /** Whether the first load is complete. Until then no address is known to be that of one user alone. */
  readonly isLoaded: boolean;
  /** Up to when it has followed Okta; `null`: it never has. */
  readonly asOf: Date | null;
  /** How long ago that was, by the database's clock, in seconds. */
  readonly ageSeconds: number | null;
}

/** What the database has of a user, and the directory's version in the same snapshot. */
export interface StoredUser {
  readonly version: number;
  /** The other members say nothing when there is no such user. */
  readonly isThere: boolean;
  readonly name: string;
  readonly email: string;
  readonly emailIsVerified: boolean;
  readonly department: string;
  /** The time zone that their profile names, as it stands there. */
  readonly timeZone: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Okta's word; `null`: known from logins alone. */
  readonly status: string | null;
  readonly isGone: boolean;
  readonly areGroupsKnown: boolean;
  readonly groups: readonly Group[];
}

/** Those who are in the directory now: no tombstones, and none that only logins have told of. */
export const isInDirectory: SQL = sql`(${isNotNull(people.status)} and ${isNull(people.goneAt)})`;

const other = alias(people, "other");
const isLoaded = sql<boolean>`${directoryState.loadedAt} is not null`;

/** Whether an address is that of one user in the directory alone. Null is no address. */
export function isOnlyOnesAddress(db: Db): SQL<boolean> {
  const others = db
    .select({ one: sql`1` })
    .from(other)
    .where(
      and(eq(other.emailKey, people.emailKey), ne(other.id, people.id), isNotNull(other.status), isNull(other.goneAt)),
    );
  const loaded = db.select({ isLoaded }).from(directoryState);
  return sql<boolean>`(${people.emailKey} is not null and ${isInDirectory} and coalesce((${loaded}), false)
    and not exists (${others}))`;
}

/** The groups of a person in a query, as JSON. */
const groupsAsJson = sql<Group[]>`coalesce((select json_agg(json_build_object(
    'id', ${groups.id}, 'name', ${groups.name}, 'type', ${groups.type}) order by ${groups.name} collate "C", ${groups.id})
  from ${memberships} join ${groups} on ${groups.id} = ${memberships.groupId}
  where ${memberships.personId} = ${people.id}), '[]'::json)`;
/** Within another, as drizzle leaves out the tables of the columns that stand in a selection itself. */
export const groupsOfPerson = sql<Group[]>`${groupsAsJson}`;

/** @returns `undefined` for a directory that nothing has been read into yet */
export async function readState(db: Db): Promise<DirectoryState | undefined> {
  const [state] = await db
    .select({
      version: directoryState.version,
      groupsVersion: directoryState.groupsVersion,
      isLoaded,
      asOf: directoryState.logReadAt,
      ageSeconds: sql<
        number | null
      >`extract(epoch from clock_timestamp() - ${directoryState.logReadAt})::double precision`,
    })
    .from(directoryState);
  return state;
}

/**
 * The ids of people of whom something may have changed since a version: of them, or of another one with the same address.
 *
 * @param limit - how many ids, at most
 */
export async function changedSince(db: Db, version: number, limit: number): Promise<string[]> {
  const changedAddresses = db.select({ key: other.emailKey }).from(other).where(gt(other.version, version));
  const rows = await db
    .select({ id: people.id })
    .from(people)
    .where(or(gt(people.version, version), inArray(people.emailKey, changedAddresses)))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** Reads a user. It takes one query. @returns `undefined` for a directory that nothing has been read into yet */
export async function readUser(db: Db, id: string): Promise<StoredUser | undefined> {
  const [row] = await db
    .select({
      version: directoryState.version,
      isThere: sql<boolean>`${people.id} is not null`,
      name: sql<string>`coalesce(${people.name}, '')`,
      email: sql<string>`coalesce(${people.email}, '')`,
      emailIsVerified: sql<boolean>`coalesce(${isOnlyOnesAddress(db)}, false)`,
      department: sql<string>`coalesce(${people.department}, '')`,
      timeZone: sql<string>`coalesce(${people.timeZone}, '')`,
      attributes: sql<Record<string, unknown>>`coalesce(${people.attributes}, '{}'::json)`,
      status: people.status,
      isGone: sql<boolean>`${people.goneAt} is not null`,
      areGroupsKnown: sql<boolean>`coalesce(${people.groupsRead} > 0, false)`,
      groups: groupsOfPerson,
    })
    .from(directoryState)
    .leftJoin(people, eq(people.id, id))
    // Without statistics the planner would reckon with hundreds of such rows, and compile the query each time.
    .where(eq(directoryState.only, 1));
  return row;
}

/** How many people are in the directory, tombstones left out. */
export async function countPeople(db: Db): Promise<number> {
  const [row] = await db.select({ count: sql<number>`count(*)::int` }).from(people).where(isInDirectory);
  return row?.count ?? 0;
}
