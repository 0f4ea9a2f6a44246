import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { lockingTransaction } from "../../db/locking-transaction.js";
import type { Brake } from "./state.js";

/** What a reconciliation has not found in Okta, of all that the directory has. */
export interface Missing {
  readonly people: number;
  readonly memberships: number;
  /** The same for the same people and memberships. */
  readonly hash: string;
  readonly allPeople: number;
  readonly allMemberships: number;
}

const start = (read: number) => sql`${read}::bigint`;
const isMissingPerson = (read: number) =>
  sql`people.status is not null and people.gone_at is null and people.profile_read <= ${start(read)}`;
// Those of a user whose groups have been read since are right, whatever the group's pages say.
const isMissingMembership = (read: number) =>
  sql`directory_memberships.seen <= ${start(read)} and exists (select from people where people.id = person_id
    and people.groups_read <= ${start(read)})`;

/**
 * Counts what has not been read since a reconciliation began, all of whose pages have been read.
 *
 * @param read - the number of a read before its first one
 */
export async function countMissing(db: Db, read: number): Promise<Missing> {
  const [row] = await rowsOf<Missing>(
    db,
    sql`select missing_people.count::int as people, missing_memberships.count::int as memberships,
        coalesce(missing_people.hash, 0)::text || ' ' || coalesce(missing_memberships.hash, 0)::text as hash,
        (select count(*)::int from people where status is not null and gone_at is null) as "allPeople",
        (select count(*)::int from directory_memberships) as "allMemberships"
      from (select count(*), sum(hashtextextended(id, 0)::numeric) as hash from people where ${isMissingPerson(read)})
          as missing_people,
        (select count(*), sum(hashtextextended(person_id || ' ' || group_id, 0)::numeric) as hash
          from directory_memberships where ${isMissingMembership(read)}) as missing_memberships`,
  );
  if (!row) throw new Error("a query without rows");
  return row;
}

/**
 * Rings for what has not been read since a reconciliation began: see {@link countMissing}. Groups are among it.
 *
 * @param isUrgent - whether it is read as soon as what has just changed
 */
export async function ringForMissing(tx: Db, read: number, isUrgent = false): Promise<void> {
  await tx.execute(
    sql`insert into directory_inbox (kind, id, source, is_urgent)
      select kind, id, 'reconciliation', ${isUrgent}::boolean from (
        select 'user' as kind, id from people where ${isMissingPerson(read)}
        union select 'user', person_id from directory_memberships where ${isMissingMembership(read)}
        union select 'group', id from directory_groups where gone_at is null and read <= ${start(read)}
      ) as missing order by kind collate "C", id collate "C"
      on conflict (kind, id) do update set ring = excluded.ring,
        is_urgent = directory_inbox.is_urgent or excluded.is_urgent`,
  );
}

/** Whom and what a brake holds now: what has been read since is no longer among it. */
export interface Held {
  readonly people: number;
  readonly memberships: number;
  /** The first of them by name. */
  readonly firstPeople: readonly { readonly id: string; readonly name: string }[];
  readonly firstMemberships: readonly { readonly id: string; readonly name: string; readonly group: string }[];
}

/**
 * Reads what a brake holds.
 *
 * @param read - the brake's {@link Brake.start}
 * @param limit - how many people and memberships to name, at most
 */
export async function readHeld(db: Db, read: number, limit: number): Promise<Held> {
  const ofMemberships = sql`from directory_memberships join people on people.id = person_id
    join directory_groups on directory_groups.id = group_id where ${isMissingMembership(read)}`;
  const json = (columns: string) => sql.raw(`coalesce(json_agg(json_build_object(${columns})), '[]'::json)`);
  const [row] = await rowsOf<Held>(
    db,
    sql`select (select count(*)::int from people where ${isMissingPerson(read)}) as people,
        (select count(*)::int ${ofMemberships}) as memberships,
        (select ${json("'id', id, 'name', name")} from (
          select id, name from people where ${isMissingPerson(read)} order by name_folded, id limit ${limit}
        ) as first) as "firstPeople",
        (select ${json("'id', id, 'name', name, 'group', group_name")} from (
          select people.id, people.name, directory_groups.name as group_name ${ofMemberships}
          order by people.name_folded, people.id, directory_groups.id limit ${limit}
        ) as first) as "firstMemberships"`,
  );
  if (!row) throw new Error("a query without rows");
  return row;
}

/** Keeps what a reconciliation would have removed, until an administrator lets it or the next one finds the same. */
export async function keepBrake(tx: Db, brake: Brake | null): Promise<void> {
  await tx.execute(sql`update directory_state set brake = ${brake && JSON.stringify(brake)}::json`);
}

/**
 * Lets what the brake holds be removed, as an administrator says: it is read from Okta one by one, and what is gone there goes.
 *
 * @param since - the {@link Brake.since} of the brake that is meant; left out: whichever there is
 * @returns `false` when there is no brake, or another one
 */
export async function releaseBrake(db: Db, since?: string): Promise<boolean> {
  return lockingTransaction(db, async (tx) => {
    const [row] = await rowsOf<{ brake: Brake | null }>(tx, sql`select brake from directory_state for update`);
    if (!row?.brake || (since !== undefined && row.brake.since !== since)) return false;
    await ringForMissing(tx, row.brake.start);
    await keepBrake(tx, null);
    return true;
  });
}
