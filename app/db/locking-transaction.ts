import { sql } from "drizzle-orm";
import type { Db } from "./database.js";

const MAX_IDLE_MS = 5_000;

/**
 * Runs something in a transaction that locks what other processes wait for. When this process hangs between two statements,
 * PostgreSQL ends its connection after 5 s, which releases the locks: nothing of the transaction is stored then.
 */
export function lockingTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.execute(sql.raw(`set local idle_in_transaction_session_timeout = ${MAX_IDLE_MS}`));
    return work(tx);
  });
}
