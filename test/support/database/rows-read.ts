import { sql } from "drizzle-orm";
import type { Db } from "../../../app/db/database.js";

/** How many rows of a table PostgreSQL reads while something is done, found by an index or not. */
export function rowsRead(db: Db, table: string, act: (tx: Db) => Promise<unknown>): Promise<number> {
  return db.transaction(async (tx) => {
    const soFar = async () => {
      const { rows } = (await tx.execute(sql`
        select (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as read
        from pg_stat_xact_user_tables where relname = ${table}`)) as unknown as { rows: [{ read: number }] };
      return rows[0].read;
    };
    // What the same connection did a moment ago may still be counted.
    const before = await soFar();
    await act(tx);
    return (await soFar()) - before;
  });
}
