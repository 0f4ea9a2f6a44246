import { type SQL, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import type { OktaGroup } from "../okta-api/shapes.js";
import { type Changes, NO_CHANGES } from "./change.js";
import { storable } from "./texts.js";

/** What writing groups has done. */
export interface WrittenGroups extends Changes {
  /** Whether there were some among them that were said to be gone: they have no members. */
  readonly areBack: boolean;
}

/**
 * Writes groups, each where it was read later than what is there. It takes one statement, whatever their number.
 *
 * @param read - see `takeReadNumber`
 */
export function writeGroups(tx: Db, groups: readonly OktaGroup[], read: number): Promise<WrittenGroups> {
  return upsertGroups(tx, groups, read, sql``);
}

/** Writes those of some groups that the directory does not have: see {@link writeGroups}. */
export function writeUnknownGroups(tx: Db, groups: readonly OktaGroup[], read: number): Promise<WrittenGroups> {
  return upsertGroups(
    tx,
    groups,
    read,
    sql`where not exists (select from directory_groups old where old.id = told.id and old.gone_at is null)`,
  );
}

/** @param which - a condition on what is `told` of a group */
async function upsertGroups(tx: Db, groups: readonly OktaGroup[], read: number, which: SQL): Promise<WrittenGroups> {
  const told = [...new Map(groups.map((group) => [group.id, group])).values()].map(({ id, name, type }) => ({
    ...{ id, name: storable(name), type: storable(type) },
  }));
  if (told.length === 0) return { ...NO_CHANGES, areBack: false };
  const written = await rowsOf<{ changed: boolean; isBack: boolean }>(
    tx,
    sql`with told as (
        select * from json_to_recordset(${JSON.stringify(told)}::json) as told(id text, name text, type text)
      ), before as (select old.* from directory_groups old join told using (id)),
      written as (
        insert into directory_groups as known (id, name, type, read) select id, name, type, ${read}::bigint from told ${which}
        on conflict (id) do update set name = excluded.name, type = excluded.type, read = excluded.read, gone_at = null
        where known.read < excluded.read
        returning known.id, known.name, known.type
      )
      select (before.name, before.type) is distinct from (written.name, written.type) or before.gone_at is not null as changed,
        before.gone_at is not null as "isBack"
      from written left join before using (id)`,
  );
  const areBack = written.some(({ isBack }) => isBack);
  return { people: false, groups: written.some(({ changed }) => changed), areBack };
}

/**
 * Writes that Okta has no such group, or does not let it be read. Its row stays, without members.
 *
 * @returns `isNews`: whether this was not known
 */
export async function writeDeletedGroup(
  tx: Db,
  id: string,
  read: number,
): Promise<Changes & { readonly isNews: boolean }> {
  const written = await rowsOf<{ wasThere: boolean; isNew: boolean }>(
    tx,
    sql`with before as (select id from directory_groups where id = ${id} and gone_at is null)
      insert into directory_groups as known (id, name, type, read, gone_at)
        values (${id}, '', '', ${read}::bigint, clock_timestamp())
      on conflict (id) do update set read = excluded.read, gone_at = coalesce(known.gone_at, excluded.gone_at)
        where known.read < excluded.read
      returning exists (select from before) as "wasThere", xmax = 0 as "isNew"`,
  );
  if (written.length > 0) await tx.execute(sql`delete from directory_memberships where group_id = ${id}`);
  const groups = written.some(({ wasThere }) => wasThere);
  return { people: false, groups, isNews: groups || written.some(({ isNew }) => isNew) };
}

/** The first group after another, in the order of their ids; `undefined`: there is none. @param id - `""`: the very first */
export async function groupAfter(db: Db, id: string): Promise<string | undefined> {
  const [row] = await rowsOf<{ id: string }>(
    db,
    sql`select id from directory_groups where id > ${id} and gone_at is null order by id limit 1`,
  );
  return row?.id;
}
