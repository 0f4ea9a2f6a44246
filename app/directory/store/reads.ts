import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";

/**
 * The number of a read from Okta, to be taken before anything is asked: what was read with a greater number is newer. Each
 * change of Okta's rings for what it concerns after it has happened, and the read that answers has a number from after that. So
 * what replaces only rows of smaller numbers ends up right, whatever else is read at the same time and in whatever order it is
 * written.
 */
export async function takeReadNumber(db: Db): Promise<number> {
  const [row] = await rowsOf<{ read: number }>(db, sql`select nextval('okta_reads')::double precision as read`);
  if (!row) throw new Error("the sequence gave no number");
  return row.read;
}
