import type { SqlCondition } from "../../../../middleware/sql/index.js";
import type { Count } from "../../search/counts.js";
import { DAY_MS, nextOf, startOf, startsIn, type Unit, unitFor } from "../../search/periods.js";
import type { Search } from "../../search/search.js";
import type { DecisionStore } from "../../search/store.js";

/** Most decisions that are read for a chart where the hourly counts cannot be used. */
const MAX_DECISIONS_READ = 2_000;
/** The span of a chart when the search has no `from`. */
const DEFAULT_SPAN_DAYS = 7;
const MAX_BARS = 60;

/** How many decisions a period had. */
export interface Period {
  readonly start: Date;
  readonly allow: number;
  readonly deny: number;
}

/** What a chart shows. */
export interface ChartData {
  readonly unit: Unit;
  readonly periods: readonly Period[];
  /** The text below it, about what was counted; may be empty. */
  readonly caption: string;
}

/**
 * Counts what a search finds, by period. Checks are not counted: a record of them is about many actions. The time that it takes does not grow with the log: a search without a person or a contact uses the hourly
 * counts, and every other one reads the newest 2,000 decisions only.
 *
 * @param isEverything - whether the user may see everything; the hourly counts are of all decisions
 */
export async function chartOf(
  store: DecisionStore,
  search: Search,
  permitted: SqlCondition,
  isEverything: boolean,
  now = new Date(),
): Promise<ChartData> {
  const sources = search.asked === undefined ? " Only what was tried is counted, not what was asked ahead." : "";
  if (isEverything && search.personId === undefined && search.contact === undefined) {
    const to = search.to && search.to < now ? search.to : now;
    const from = search.from ?? new Date(to.getTime() - DEFAULT_SPAN_DAYS * DAY_MS);
    // Counts are of whole hours.
    const [first, end] = [startOf("hour", from), nextOf("hour", startOf("hour", new Date(to.getTime() - 1)))];
    const unit = unitFor(first, end);
    const counts = first < end ? await store.countAll(search, unit, first, end) : [];
    const span = search.from || search.to ? "Counted by whole hours." : `The last ${DEFAULT_SPAN_DAYS} days.`;
    return { unit, periods: periodsOf(counts, unit, first, end), caption: `${span}${sources}` };
  }
  const { counts, isPart } = await store.countNewest(search, permitted, MAX_DECISIONS_READ);
  const caption = (isPart ? `${decisionsRead(search)} were looked at.${sources}` : sources).trim();
  if (counts.length === 0) return { unit: "hour", periods: [], caption };
  const starts = counts.map(({ start }) => start.getTime());
  const [first, last] = [new Date(Math.min(...starts)), new Date(Math.max(...starts))];
  const end = nextOf("hour", last);
  const unit = unitFor(first, end);
  return { unit, periods: periodsOf(counts, unit, first, end), caption };
}

/** Which decisions were read, when there are more than may be read. */
function decisionsRead({ contact, personId, action, effect }: Search): string {
  const newest = `Only the newest ${MAX_DECISIONS_READ.toLocaleString("en-GB")}`;
  if (contact !== undefined) return `${newest} decisions about this contact`;
  if (personId !== undefined) return `${newest} decisions about ${personId === null ? "nobody" : "this person"}`;
  if (action !== undefined) return `${newest} decisions about this action`;
  return `${newest} ${effect ? { allow: "allowed", deny: "denied" }[effect] : ""} decisions`.replace("  ", " ");
}

function periodsOf(counts: readonly Count[], unit: Unit, from: Date, to: Date): Period[] {
  const sums = new Map<number, { allow: number; deny: number }>();
  for (const { start, effect, count } of counts) {
    const time = startOf(unit, start).getTime();
    const sum = sums.get(time) ?? { allow: 0, deny: 0 };
    sum[effect] += count;
    sums.set(time, sum);
  }
  const periods = startsIn(unit, from, to).map((start) => ({
    start,
    allow: 0,
    deny: 0,
    ...sums.get(start.getTime()),
  }));
  // A search from the year 1000 on is not to show centuries of empty bars.
  if (periods.length <= MAX_BARS) return periods;
  const first = periods.findIndex(({ allow, deny }) => allow + deny > 0);
  return first === -1 ? [] : periods.slice(first);
}
