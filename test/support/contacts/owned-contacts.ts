import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../../app/db/database.js";

/**
 * Adds contacts of an owner to the database, of all visibilities in turn.
 *
 * @returns their ids
 */
export async function addContacts(db: Db, ownerId: string, count: number, department = "Sales"): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    db,
    sql`insert into contacts (first_name, last_name, email, company, owner_id, department, visibility)
      select 'Handed', 'Over ' || n, ${ownerId} || n || '@contacts.example', 'Handover', ${ownerId}, ${department},
        (array['everyone', 'team', 'private'])[1 + n % 3]
      from generate_series(1, ${count}::int) as n returning id`,
  );
  return rows.map(({ id }) => id);
}

/** The ids of an owner's contacts. */
export async function contactsOf(db: Db, ownerId: string): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(db, sql`select id from contacts where owner_id = ${ownerId} order by id`);
  return rows.map(({ id }) => id);
}

/** How many records of a contact's transfer there are that have changed it, by the contact's id. */
export async function transfersOf(db: Db, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await rowsOf<{ id: string; count: number }>(
    db,
    sql`select resource_id as id, count(*)::int as count from decisions
      where kind = 'contact' and action = 'transfer' and effect = 'allow' and source = 'guard'
        and record::json -> 'change' ->> 'id' = resource_id and resource_id = any(${sql.param([...ids])}::text[])
      group by resource_id`,
  );
  return new Map(rows.map(({ id, count }) => [id, count]));
}
