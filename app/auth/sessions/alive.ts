import { and, inArray, sql } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { sessions } from "../../db/schema.js";
import { hashOf } from "./store.js";

/** Those of some sessions, by their ids, that have not ended. It takes one query. */
export async function aliveSessions(db: Db, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const { sid, expire } = sessions;
  const rows = await db
    .select({ sid })
    .from(sessions)
    .where(and(inArray(sid, ids.map(hashOf)), sql`${expire} > now()`));
  const alive = new Set(rows.map(({ sid }) => sid));
  return new Set(ids.filter((id) => alive.has(hashOf(id))));
}
