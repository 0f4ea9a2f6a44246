import { extent } from "d3-array";
import { utcDay, utcHour } from "d3-time";
import type { SqlCondition } from "../../../../middleware/sql/index.js";
import type { Count } from "../../search/counts.js";
import { intervals, MAX_PERIODS, startsIn, type Unit, unitFor } from "../../search/periods.js";
import type { Search } from "../../search/search.js";
import type { DecisionStore } from "../../search/store.js";

/** Most decisions that are read for a chart where the hourly counts cannot be used. */
const MAX_DECISIONS_READ = 2_000;
/** The span of a chart when the search has no `from`, with the day of its end. */
const DEFAULT_SPAN_DAYS = 7;

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
    const { first, end, words } = hoursOf(search, now);
    const unit = unitFor(first, end);
    const counts = first < end ? await store.countAll(search, unit, first, end) : [];
    return { unit, periods: periodsOf(counts, unit, first, end), caption: `${words}${sources}` };
  }
  const { counts, isPart } = await store.countNewest(search, permitted, MAX_DECISIONS_READ);
  const caption = (isPart ? `${decisionsRead(search)} were looked at.${sources}` : sources).trim();
  const [first, last] = extent(counts, ({ start }) => start);
  if (!first || !last) return { unit: "hour", periods: [], caption };
  const end = utcHour.offset(last);
  const unit = unitFor(first, end);
  return { unit, periods: periodsOf(counts, unit, first, end), caption };
}

/** The whole hours for which a search is counted, and what to say about them. */
function hoursOf({ from, to }: Search, now: Date): { first: Date; end: Date; words: string } {
  const isPast = to !== undefined && to < now;
  const end = utcHour.ceil(isPast ? to : now);
  if (from) return { first: utcHour.floor(from), end, words: "Counted by whole hours." };
  const first = utcDay.offset(utcDay.ceil(end), -DEFAULT_SPAN_DAYS);
  const words = isPast ? " of the search, counted by whole hours." : ", including today.";
  return { first, end, words: `The last ${DEFAULT_SPAN_DAYS} days${words}` };
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
    const time = intervals[unit].floor(start).getTime();
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
  if (periods.length <= MAX_PERIODS) return periods;
  const first = periods.findIndex(({ allow, deny }) => allow + deny > 0);
  return first === -1 ? [] : periods.slice(first);
}
