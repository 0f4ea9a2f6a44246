import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { withAllBelow, writeReports } from "./reports.js";

/** Which of the people may be meant by a profile that names a manager: those who are in the directory now. */
const isThere = sql.raw("status is not null and gone_at is null");

/**
 * Says anew whom some people's profiles name as their manager: the one person in the directory who has the text as their id,
 * login or e-mail address. A text that means nobody or several people names no manager; one that means the person themselves
 * is the smallest circle. Those who are gone keep theirs, so that a manager can hand over what they have left. Nobody counts whose
 * own profile cannot be read.
 *
 * @param ids - their ids. They are not a query: where the planner knows little of the table it would take them for very many
 * @returns the ids of those who have another manager than before
 */
export async function resolveManagers(tx: Db, ids: readonly string[]): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    tx,
    sql`with resolved as (
        select person.id, case when person.status is not null then (
            select case when count(*) = 1 then min(named.id) end from (
              select id from people where id = person.manager_text and ${isThere}
              union select id from people where login_key = person.manager_key and ${isThere}
              union select id from people where email_key = person.manager_key and ${isThere}
            ) as named) end as manager_id
        from people as person where person.id = any(${sql.param([...ids])}::text[])
      )
      update people set manager_id = resolved.manager_id from resolved
      where people.id = resolved.id and people.manager_id is distinct from resolved.manager_id returning people.id`,
  );
  return rows.map(({ id }) => id);
}

/**
 * Brings who reports to whom in step with what a transaction has changed of people. It is done where it was done for all
 * people once: see `directory_state.reports_kept_since`.
 *
 * @param version - that the rows have which it has changed
 */
export async function followManagers(tx: Db, version: number): Promise<void> {
  const concerned = await concernedBy(tx, version);
  if (concerned.length === 0) return;
  const changed = await resolveManagers(tx, concerned);
  if (changed.length > 0) await writeReports(tx, await withAllBelow(tx, changed));
}

/** Those who have changed, and those who name a manager by the id, login or address of one of them. */
async function concernedBy(tx: Db, version: number): Promise<string[]> {
  const changed = sql`people.version = ${version}::bigint`;
  const rows = await rowsOf<{ id: string }>(
    tx,
    sql`select id from people where ${changed}
      union select namer.id from people
        cross join lateral (values (people.login_key), (people.email_key), (lower(people.id collate "C"))) as own(key)
        join people as namer on namer.manager_key = own.key where ${changed}`,
  );
  return rows.map(({ id }) => id);
}
