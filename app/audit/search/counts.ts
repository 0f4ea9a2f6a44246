import { and, desc, eq, sql } from "drizzle-orm";
import { unionAll } from "drizzle-orm/pg-core";
import { type SqlCondition, toDrizzle } from "../../../middleware/sql/index.js";
import { type Db, rowsOf } from "../../db/database.js";
import { decisionCounts, decisions, unsealedDecisions } from "../../db/schema.js";
import type { StoredDecision } from "../record/row.js";
import { conditionOf, indexedPart, indexedSearches, newestFirst, type Search } from "./search.js";

/** How many decisions of a period had an effect. */
export interface Count {
  readonly start: Date;
  readonly effect: NonNullable<StoredDecision["effect"]>;
  readonly count: number;
}

/** Counts of the newest decisions, hour by hour. */
export interface NewestCounts {
  readonly counts: readonly Count[];
  /** Whether the limit was reached, so that older decisions may not be counted. */
  readonly isPart: boolean;
}

/** Most decisions that are counted one by one because they are not sealed yet, and so not in the hourly counts. */
const MAX_UNSEALED_COUNTED = 5_000;

/** See `DecisionStore`. */
export async function countAll(
  db: Db,
  { action, effect }: Pick<Search, "action" | "effect">,
  starts: readonly Date[],
  from: Date,
  to: Date,
): Promise<readonly Count[]> {
  const { hour, count } = decisionCounts;
  const inCounts = and(
    sql`${hour} >= ${from.toISOString()}::timestamptz`,
    sql`${hour} < ${to.toISOString()}::timestamptz`,
    action === undefined ? undefined : eq(decisionCounts.action, action),
    effect && eq(decisionCounts.effect, effect),
  );
  // One statement reads one snapshot: a decision that is sealed meanwhile is counted once.
  const rows = await rowsOf<{ nth: number; effect: Count["effect"]; count: number }>(
    db,
    // An hour in which the first period begins is counted with it.
    sql`
      select greatest(1, width_bucket(hour, ${sql.param(starts.map((start) => start.toISOString()))}::timestamptz[])) as nth,
        effect, sum(count)::float8 as count from (
        select ${hour}, ${decisionCounts.effect}, ${count} from ${decisionCounts} where ${inCounts}
        union all
        select ${decisions.time}, ${decisions.effect}, 1
        from ${decisions}
        where seq = any(array(select seq from ${unsealedDecisions} order by seq desc limit ${MAX_UNSEALED_COUNTED}))
          and ${conditionOf({ action, effect, asked: "tried", from, to })}
      ) counted group by 1, 2`,
  );
  return rows.flatMap(({ nth, effect, count }) => {
    const start = starts[nth - 1];
    return start ? [{ start, effect, count }] : [];
  });
}

/** See `DecisionStore`. */
export async function countNewest(
  db: Db,
  search: Search,
  permitted: SqlCondition,
  limit: number,
): Promise<NewestCounts> {
  // Only the indexed part of the search limits what is read; the rest is evaluated on the rows that were read.
  const parts = indexedSearches(indexedPart({ ...search, asked: "tried" }));
  const isFound = sql<boolean>`${conditionOf(search) ?? sql`true`}`.as("is_found");
  const newestOf = (part: Search) =>
    db
      .select({ time: decisions.time, effect: decisions.effect, isFound })
      .from(decisions)
      .where(and(toDrizzle(permitted, sql), conditionOf(part)))
      .orderBy(...newestFirst(part))
      .limit(limit);
  const [first, second, ...others] = parts;
  const newest = second
    ? unionAll(newestOf(first), newestOf(second), ...others.map(newestOf))
        .orderBy(desc(decisions.time))
        .limit(limit)
    : newestOf(first);
  const rows = await rowsOf<CountRow & { read: number }>(
    db,
    sql`
      select date_trunc('hour', "time", 'UTC') as start, effect, count(*) filter (where is_found)::float8 as count,
        count(*)::float8 as read
      from ${newest} newest group by 1, 2`,
  );
  return { counts: rows.map(countOf), isPart: rows.reduce((sum, { read }) => sum + read, 0) === limit };
}

type CountRow = { start: string | Date; effect: Count["effect"]; count: number };

function countOf({ start, effect, count }: CountRow): Count {
  return { start: new Date(start), effect, count };
}
