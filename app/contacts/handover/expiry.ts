import { sql } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { handovers } from "../../db/schema.js";

/** For how long a handover can be undone and looked at after its end. */
const KEPT_DAYS = 90;

/** Deletes the handovers that have ended long ago, with what they know of their contacts. Their decisions stay. */
export async function deleteOldHandovers(db: Db): Promise<void> {
  await db.delete(handovers).where(sql`${handovers.endedAt} < clock_timestamp() - ${KEPT_DAYS} * interval '1 day'`);
}
