import { type SQL, sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import type { Db } from "../../../app/db/database.js";

/** Runs a statement as it is, past everything that the app takes care of. */
export async function run(db: Db, statement: string): Promise<void> {
  await db.execute(sql.raw(statement));
}

/** Whether a statement makes a change together with its decision's record. */
export function isRecordedChange(statement: SQL): boolean {
  return /^\s*with changed as /.test(new PgDialect().sqlToQuery(statement).sql);
}

/** Whether a query on another connection waits for a lock. */
export async function isWaitingForLock(db: Db): Promise<boolean> {
  const { rows } = (await db.execute(
    sql`select 1 from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database()`,
  )) as unknown as { rows: unknown[] };
  return rows.length > 0;
}

/** Runs something in a transaction that is rolled back, and returns its result. */
export async function rolledBack<T>(db: Db, act: (tx: Db) => Promise<T>): Promise<T> {
  let result: { readonly value: T } | undefined;
  await db
    .transaction(async (tx) => {
      result = { value: await act(tx) };
      tx.rollback();
    })
    .catch((error: unknown) => {
      if (!result) throw error;
    });
  return (result as { readonly value: T }).value;
}
