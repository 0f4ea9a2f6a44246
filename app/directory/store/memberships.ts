import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { type Changes, NO_CHANGES } from "./change.js";

/**
 * Writes all groups of a user in place of those that were known, where they were read later. Nothing is written of a
 * tombstone, or of an unknown user, nor of groups that are not in the directory.
 *
 * @param read - see `takeReadNumber`
 * @param version - see `change`
 */
export async function writeGroupsOf(
  tx: Db,
  personId: string,
  groupIds: readonly string[],
  read: number,
  version: number,
): Promise<Changes> {
  const [person] = await rowsOf<{ first: boolean }>(
    tx,
    sql`update people set groups_read = ${read}::bigint
      from (select id, groups_read = 0 as first from people where id = ${personId}) as before
      where people.id = before.id and groups_read < ${read}::bigint and gone_at is null and status is not null
      returning before.first`,
  );
  if (!person) return NO_CHANGES;
  const told = sql`${sql.param([...groupIds])}::text[]`;
  const removed = await rowsOf(
    tx,
    sql`delete from directory_memberships where person_id = ${personId} and group_id <> all(${told}) returning 1`,
  );
  const added = await rowsOf(
    tx,
    sql`insert into directory_memberships (person_id, group_id)
      select ${personId}, id from directory_groups where id = any(${told}) and gone_at is null
      on conflict do nothing returning 1`,
  );
  const hasChanged = person.first || removed.length > 0 || added.length > 0;
  if (hasChanged) await tx.execute(sql`update people set version = ${version}::bigint where id = ${personId}`);
  return { people: hasChanged, groups: false };
}

/** What of a page of a group's members is not in the directory. */
export interface MissingMembers {
  /** Ids of those whom the directory does not know, or has as tombstones, and that were not read later. */
  readonly unknown: readonly string[];
}

/**
 * Adds members to a group during the first load: those whose memberships have not been read later. One page says nothing of
 * who is not in the group.
 */
export async function addMembers(
  tx: Db,
  groupId: string,
  personIds: readonly string[],
  read: number,
  version: number,
): Promise<Changes & MissingMembers> {
  const told = sql`${sql.param([...personIds])}::text[]`;
  const added = await rowsOf(
    tx,
    sql`with added as (
        insert into directory_memberships (person_id, group_id)
        select people.id, directory_groups.id from people, directory_groups
        where people.id = any(${told}) and people.status is not null and people.gone_at is null and groups_read < ${read}::bigint
          and directory_groups.id = ${groupId} and directory_groups.gone_at is null
        on conflict do nothing returning person_id
      )
      update people set version = ${version}::bigint from added where people.id = added.person_id returning people.id`,
  );
  return { people: added.length > 0, groups: false, unknown: await unknownAmong(tx, personIds, read) };
}

async function unknownAmong(tx: Db, personIds: readonly string[], read: number): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    tx,
    sql`select told.id from unnest(${sql.param([...personIds])}::text[]) as told(id) left join people using (id)
      where people.status is null or (people.gone_at is not null and people.profile_read < ${read}::bigint)`,
  );
  return rows.map(({ id }) => id);
}

/**
 * Compares a page of a group's members with the directory, and marks the memberships that are in both.
 *
 * @returns the ids of people who are members in Okta alone, as far as their memberships have not been read later
 */
export async function compareMembers(
  tx: Db,
  groupId: string,
  personIds: readonly string[],
  read: number,
): Promise<string[]> {
  const told = sql`${sql.param([...personIds])}::text[]`;
  await tx.execute(
    sql`update directory_memberships set seen = ${read}::bigint where group_id = ${groupId} and person_id = any(${told})`,
  );
  const rows = await rowsOf<{ id: string }>(
    tx,
    sql`select told.id from unnest(${told}) as told(id) left join people using (id)
      where coalesce(greatest(people.groups_read, case when people.gone_at is not null then people.profile_read end), 0)
          < ${read}::bigint
        and not exists (select from directory_memberships where person_id = told.id and group_id = ${groupId})`,
  );
  return rows.map(({ id }) => id);
}

/**
 * Says of people that all of their memberships have been read, at the end of the first load: of those whom it has listed
 * before it read the members of groups. It does so for some of them at a time.
 *
 * @param membersRead - the number of a read before the first one of members
 * @returns how many it were; 0: it has been said of all
 */
export async function completeMemberships(tx: Db, membersRead: number, limit: number): Promise<number> {
  const rows = await rowsOf(
    tx,
    sql`update people set groups_read = ${membersRead}::bigint where id in (
        select id from people where groups_read = 0 and status is not null and gone_at is null
          and profile_read < ${membersRead}::bigint limit ${limit})
      returning 1`,
  );
  return rows.length;
}
