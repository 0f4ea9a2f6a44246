import { desc, sql } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { directoryEvents } from "../../db/schema.js";

/** How many are kept. */
const MAX_EVENTS = 500;

/** Something that went wrong or is worth knowing. */
export interface DirectoryEvent {
  readonly time: Date;
  /** `hook`, `log`, `load`, `delta`, `reconciliation`, `brake` or `failure`. */
  readonly kind: string;
  readonly text: string;
}

/** Notes an event for the page of the directory. @param text - in plain words, without personal data */
export async function noteEvent(db: Db, kind: string, text: string): Promise<void> {
  await db.insert(directoryEvents).values({ kind, text });
  await db.execute(
    sql`delete from directory_events where seq <= (select max(seq) from directory_events) - ${MAX_EVENTS}::bigint`,
  );
}

/** The last events, the newest first. */
export function lastEvents(db: Db, limit: number): Promise<DirectoryEvent[]> {
  const { time, kind, text } = directoryEvents;
  return db.select({ time, kind, text }).from(directoryEvents).orderBy(desc(directoryEvents.seq)).limit(limit);
}
