import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import type { DirectorySource } from "./state.js";

/**
 * Leads, or goes on to lead, when no other process does, and the directory is of what the process follows. It takes one
 * statement, and no lock outlives it.
 *
 * @param leader - a name of the process that no other one has
 * @param source - what the process would follow
 * @param lifetimeMs - for how long, by the database's clock, in ms
 * @returns whether the process leads
 */
export async function lead(
  db: Db,
  leader: string,
  { org, managerAttribute }: DirectorySource,
  lifetimeMs: number,
): Promise<boolean> {
  const rows = await rowsOf(
    db,
    sql`update directory_state
      set leader = ${leader},
        leader_until = clock_timestamp() + ${lifetimeMs / 1000}::double precision * interval '1 second'
      where org = ${org} and manager_attribute = ${managerAttribute}
        and (leader is null or leader = ${leader} or leader_until < clock_timestamp()) returning 1`,
  );
  return rows.length > 0;
}

/** Leads no longer, so that another process may at once. */
export async function resign(db: Db, leader: string): Promise<void> {
  await db.execute(sql`update directory_state set leader = null, leader_until = null where leader = ${leader}`);
}
