import type { DecisionRecord } from "../../../app/audit/record/record.js";
import type { Db } from "../../../app/db/database.js";
import { decisionCounts } from "../../../app/db/schema.js";

/** The hourly counts that records should have led to, as sorted lines; checks are not counted. */
export function expectedCounts(records: readonly DecisionRecord[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { time, resource, action, effect } of records) {
    if (!resource) continue;
    const key = `${time.slice(0, 13)} ${resource.kind} ${action} ${effect}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${key}: ${count}`).toSorted();
}

/** The hourly counts as they are stored, in the same form. */
export async function storedCounts(db: Db): Promise<readonly string[]> {
  return (await db.select().from(decisionCounts))
    .map(({ hour, kind, action, effect, count }) => {
      const [day, end] = hour.toISOString().split(":00:00.000Z");
      return `${day}${end} ${kind} ${action} ${effect}: ${count}`;
    })
    .toSorted();
}
