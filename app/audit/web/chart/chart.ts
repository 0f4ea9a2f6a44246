import { extent } from "d3-array";
import { utcHour } from "d3-time";
import type { SqlCondition } from "../../../../middleware/sql/index.js";
import type { Count } from "../../search/counts.js";
import { intervalIn, MAX_PERIODS, startsIn, type Unit, unitFor } from "../../search/periods.js";
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
  /** The time zone that its periods are of. */
  readonly zone: string;
  readonly periods: readonly Period[];
  /** The text below it, about what was counted; may be empty. */
  readonly caption: string;
}

/**
 * Counts what a search finds, by period. Checks are not counted: a record of them is about many actions. The time that it takes does not grow with the log: a search without a person or a contact uses the hourly
 * counts, and every other one reads the newest 2,000 decisions only.
 *
 * @param isEverything - whether the user may see everything; the hourly counts are of all decisions
 * @param zone - the time zone that its periods are of
 */
export async function chartOf(
  store: DecisionStore,
  search: Search,
  permitted: SqlCondition,
  isEverything: boolean,
  zone: string,
  now = new Date(),
): Promise<ChartData> {
  const sources = search.asked === undefined ? " Only what was tried is counted, not what was asked ahead." : "";
  const { personId, contactIds, outcome } = search;
  if (isEverything && personId === undefined && contactIds === undefined && outcome === undefined) {
    const { first, end, words } = hoursOf(search, zone, now);
    const unit = unitFor(first, end, zone);
    const starts = startsIn(unit, first, end, zone);
    const counts = first < end ? await store.countAll(search, starts, utcHour.floor(first), end) : [];
    return { unit, zone, periods: periodsOf(counts, unit, starts, zone), caption: `${words}${sources}` };
  }
  const { counts, isPart } = await store.countNewest(search, permitted, MAX_DECISIONS_READ);
  const caption = (isPart ? `${decisionsRead(search)} were looked at.${sources}` : sources).trim();
  const [first, last] = extent(counts, ({ start }) => start);
  if (!first || !last) return { unit: "hour", zone, periods: [], caption };
  const end = utcHour.offset(last);
  const unit = unitFor(first, end, zone);
  return { unit, zone, periods: periodsOf(counts, unit, startsIn(unit, first, end, zone), zone), caption };
}

/** The time for which a search is counted, up to the end of an hour, and what to say about it. */
function hoursOf({ from, to }: Search, zone: string, now: Date): { first: Date; end: Date; words: string } {
  const isPast = to !== undefined && to < now;
  const end = utcHour.ceil(isPast ? to : now);
  if (from) return { first: from, end, words: "Counted by whole hours." };
  const day = intervalIn("day", zone);
  const first = day.offset(day.ceil(end), -DEFAULT_SPAN_DAYS);
  const words = isPast ? " of the search, counted by whole hours." : ", including today.";
  return { first, end, words: `The last ${DEFAULT_SPAN_DAYS} days${words}` };
}

/** Which decisions were read, when there are more than may be read. */
function decisionsRead({ contactIds, personId, action, effect, outcome }: Search): string {
  const newest = `Only the newest ${MAX_DECISIONS_READ.toLocaleString("en-GB")}`;
  if (contactIds !== undefined)
    return `${newest} decisions about ${contactIds.length > 1 ? "each contact" : "this contact"}`;
  if (personId !== undefined) return `${newest} decisions about ${personId === null ? "nobody" : "this person"}`;
  if (action !== undefined) return `${newest} decisions about this action`;
  if (outcome !== undefined) return `${newest} decisions of this outcome`;
  return `${newest} ${effect ? { allow: "allowed", deny: "denied" }[effect] : ""} decisions`.replace("  ", " ");
}

function periodsOf(counts: readonly Count[], unit: Unit, starts: readonly Date[], zone: string): Period[] {
  const interval = intervalIn(unit, zone);
  const sums = new Map<number, { allow: number; deny: number }>();
  for (const { start, effect, count } of counts) {
    const time = interval.floor(start).getTime();
    const sum = sums.get(time) ?? { allow: 0, deny: 0 };
    sum[effect] += count;
    sums.set(time, sum);
  }
  const periods = starts.map((start) => ({
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
