import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";

/** How long the way from a person to the last of their managers may be. Who has a longer one counts as without managers. */
const MAX_STEPS = 64;

/** How many people a statement is about, at most: the database cancels one that takes long. */
const MAX_PEOPLE_AT_ONCE = 1_000;

/**
 * Writes anew who some people report to, directly or not: their manager, that one's manager, and so on up to one who has none.
 * Where it leads round in a circle, it ends at the first person who is in the circle; those who are in it report to nobody.
 * Rows that are right are left alone.
 *
 * @returns how many rows are other than before
 */
export async function writeReports(tx: Db, ids: readonly string[]): Promise<number> {
  let changed = 0;
  for (let n = 0; n < ids.length; n += MAX_PEOPLE_AT_ONCE) {
    changed += await writeSomeReports(tx, ids.slice(n, n + MAX_PEOPLE_AT_ONCE));
  }
  return changed;
}

async function writeSomeReports(tx: Db, ids: readonly string[]): Promise<number> {
  // Managers, and the rows that were known, are looked up one by one. As joins, the planner would take what it believes of their
  // number, which the first load has just made wrong.
  const managerOf = (id: string) => sql.raw(`(select manager_id from people where people.id = ${id})`);
  const [row] = await rowsOf<{ changed: number }>(
    tx,
    sql`with recursive way(person_id, passed, next) as (
        select these.id, array[these.id], ${managerOf("these.id")} from unnest(${sql.param([...ids])}::text[]) as these(id)
        union all
        select person_id, passed || next, ${managerOf("way.next")} from way
        where next is not null and next <> all(passed) and cardinality(passed) <= ${MAX_STEPS}
      ), ended(person_id, managers) as (
        select person_id, case when next is null then passed[2:]
            when next = any(passed) then passed[2:array_position(passed, next)] else '{}' end
        from way where next is null or next = any(passed) or cardinality(passed) > ${MAX_STEPS}
      ), removed as (
        delete from directory_reports where ctid = any(array(
          select known.ctid from ended cross join lateral (
            select ctid, manager_id from directory_reports where person_id = ended.person_id offset 0
          ) as known where known.manager_id <> all(ended.managers))) returning 1
      ), written as (
        insert into directory_reports as known (person_id, manager_id, distance)
        select person_id, manager_id, distance from ended, unnest(managers) with ordinality as has(manager_id, distance)
        where distance is distinct from (select distance from directory_reports as old
          where old.person_id = ended.person_id and old.manager_id = has.manager_id)
        on conflict (person_id, manager_id) do update set distance = excluded.distance returning 1
      )
      select ((select count(*) from removed) + (select count(*) from written))::int as changed`,
  );
  return row?.changed ?? 0;
}

/** The ids of some people, and of all from whom the way from manager to manager leads to them. */
export async function withAllBelow(tx: Db, ids: readonly string[]): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    tx,
    sql`with recursive below(id) as (
        select id from unnest(${sql.param([...ids])}::text[]) as these(id)
        union select people.id from below join people on people.manager_id = below.id
      ) select id from below`,
  );
  return rows.map(({ id }) => id);
}

/** The ids of some people after another one, in one order. @param after - `""`: from the first on */
export async function peopleAfter(tx: Db, after: string, limit: number): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    tx,
    sql`select id from people where id > ${after} order by id limit ${limit}`,
  );
  return rows.map(({ id }) => id);
}

/** Says that each change of people is one of who reports to whom from now on. */
export async function keepReports(tx: Db): Promise<void> {
  await tx.execute(
    sql`update directory_state set reports_kept_since = clock_timestamp() where reports_kept_since is null`,
  );
}

/**
 * Says that nobody reports to anybody, until everything has been read anew: when profiles name managers by another attribute,
 * are those of another organization, or are followed no longer.
 */
export async function forgetReports(tx: Db): Promise<void> {
  await tx.execute(sql`update directory_state set reports_kept_since = null, manager_attribute = null`);
  await tx.execute(
    sql`update people set manager_text = null, manager_key = null, manager_id = null
      where manager_text is not null or manager_id is not null`,
  );
  await tx.execute(sql`delete from directory_reports`);
}
