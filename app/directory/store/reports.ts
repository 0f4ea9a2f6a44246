import { type SQL, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";

/** How long the way from a person to the last of their managers may be. Who has a longer one counts as without managers. */
export const MAX_STEPS = 64;

/**
 * Writes anew who some people report to, directly or not: their manager, that one's manager, and so on up to one who has none.
 * Where it leads round in a circle, it ends at the first person who is in the circle; those who are in it report to nobody.
 *
 * It takes one statement, which leaves rows alone that are right, and needs no memory here, however many people it is about.
 *
 * @param concerned - a query of their ids, such as {@link withAllBelow}
 * @returns how many rows are other than before
 */
export async function writeReports(tx: Db, concerned: SQL): Promise<number> {
  const [row] = await rowsOf<{ changed: number }>(
    tx,
    sql`with recursive concerned(id) as (${concerned}),
      step(person_id, manager_id, distance, passed) as (
        select people.id, people.manager_id, 1, array[people.id] from concerned join people using (id)
        where people.manager_id is not null
        union all
        select step.person_id, people.manager_id, step.distance + 1, step.passed || people.id
        from step join people on people.id = step.manager_id
        where people.manager_id is not null and step.distance <= ${MAX_STEPS} and people.id <> all(step.passed)
      ), measured as (
        select person_id, manager_id, distance, max(distance) over way as steps,
          min(array_position(passed, manager_id)) over way as circle_begins
        from step window way as (partition by person_id)
      ), reporting as (
        select person_id, manager_id, distance from measured
        where steps <= ${MAX_STEPS} and (circle_begins is null or distance < circle_begins)
      ), ended as (
        delete from directory_reports as known using concerned where known.person_id = concerned.id
          and not exists (select from reporting where reporting.person_id = known.person_id
            and reporting.manager_id = known.manager_id)
        returning 1
      ), written as (
        insert into directory_reports as known (person_id, manager_id, distance) select * from reporting
        on conflict (person_id, manager_id) do update set distance = excluded.distance
        where known.distance <> excluded.distance
        returning 1
      )
      select ((select count(*) from ended) + (select count(*) from written))::int as changed`,
  );
  return row?.changed ?? 0;
}

/** A query of people and all who come to them on the way from manager to manager, for {@link writeReports}. */
export function withAllBelow(ids: readonly string[]): SQL {
  return sql`select id from unnest(${sql.param([...ids])}::text[]) as changed(id)
    union select people.id from concerned join people on people.manager_id = concerned.id`;
}

/** A query of some people's ids. */
export function theseAlone(ids: readonly string[]): SQL {
  return sql`select id from unnest(${sql.param([...ids])}::text[]) as these(id)`;
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
