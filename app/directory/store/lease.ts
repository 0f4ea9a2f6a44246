import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";

/**
 * Leads, or goes on to lead, when no other process does, and the directory is of the process's organization. It takes one
 * statement, and no lock outlives it.
 *
 * @param leader - a name of the process that no other one has
 * @param org - the origin of the organization that the process would follow
 * @param lifetimeMs - for how long, by the database's clock, in ms
 * @returns whether the process leads
 */
export async function lead(db: Db, leader: string, org: string, lifetimeMs: number): Promise<boolean> {
  const rows = await rowsOf(
    db,
    sql`update directory_state
      set leader = ${leader},
        leader_until = clock_timestamp() + ${lifetimeMs / 1000}::double precision * interval '1 second'
      where org = ${org} and (leader is null or leader = ${leader} or leader_until < clock_timestamp()) returning 1`,
  );
  return rows.length > 0;
}

/** Leads no longer, so that another process may at once. */
export async function resign(db: Db, leader: string): Promise<void> {
  await db.execute(sql`update directory_state set leader = null, leader_until = null where leader = ${leader}`);
}
