import type { SqlCondition } from "../../../middleware/sql/index.js";
import { nextOf, startOf, startsIn, type Unit, unitFor } from "../search/periods.js";
import type { Count, DecisionStore, Search } from "../search/store.js";

/** Most decisions that are counted where there are no counts to add up. */
const NEWEST = 2_000;
/** What a chart shows when nobody says from when on. */
const DAYS = 7;
const DAY = 24 * 60 * 60 * 1000;
const MOST_BARS = 60;

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
  /** Said below it: what was counted; empty when there is nothing to say. */
  readonly caption: string;
}

/**
 * Counts what a search finds, period by period; when it does not say how it was asked, what somebody tried, since most
 * decisions are only about what to show. It takes as long with many decisions in the log as with few: without a
 * person or a contact in the search there are counts for each hour, otherwise only the newest 2,000 are looked at.
 *
 * @param isEverything - whether everything is permitted, which the counts are about
 */
export async function chartOf(
  store: DecisionStore,
  search: Search,
  permitted: SqlCondition,
  isEverything: boolean,
  now = new Date(),
): Promise<ChartData> {
  const { asked = "tried" } = search;
  const what = search.asked ? "" : " Only what was tried is counted, not what was asked ahead.";
  if (isEverything && asked === "tried" && search.personId === undefined && search.contact === undefined) {
    const to = search.to && search.to < now ? search.to : now;
    const from = search.from ?? new Date(to.getTime() - DAYS * DAY);
    // Counts are of whole hours.
    const [first, end] = [startOf("hour", from), nextOf("hour", startOf("hour", new Date(to.getTime() - 1)))];
    const unit = unitFor(first, end);
    const counts = first < end ? await store.countAll(search, unit, first, end) : [];
    const span = search.from || search.to ? "Counted by whole hours." : `The last ${DAYS} days.`;
    return { unit, periods: periodsOf(counts, unit, first, end), caption: `${span}${what}` };
  }
  const { counts, isPart } = await store.countNewest({ ...search, asked }, permitted, NEWEST);
  const caption = (isPart ? `${lookedAt(search)} were looked at.${what}` : what).trim();
  if (counts.length === 0) return { unit: "hour", periods: [], caption };
  const starts = counts.map(({ start }) => start.getTime());
  const [first, last] = [new Date(Math.min(...starts)), new Date(Math.max(...starts))];
  const end = nextOf("hour", last);
  const unit = unitFor(first, end);
  return { unit, periods: periodsOf(counts, unit, first, end), caption };
}

function lookedAt({ contact, personId, action, effect }: Search): string {
  const newest = `Only the newest ${NEWEST.toLocaleString("en-GB")}`;
  if (contact !== undefined) return `${newest} decisions about this contact`;
  if (personId !== undefined) return `${newest} decisions about ${personId === null ? "nobody" : "this person"}`;
  if (action !== undefined) return `${newest} decisions about this action`;
  return `${newest} ${effect ? { allow: "allowed", deny: "denied" }[effect] : ""} decisions`.replace("  ", " ");
}

function periodsOf(counts: readonly Count[], unit: Unit, from: Date, to: Date): Period[] {
  const found = new Map<number, { allow: number; deny: number }>();
  for (const { start, effect, count } of counts) {
    const time = startOf(unit, start).getTime();
    const sums = found.get(time) ?? { allow: 0, deny: 0 };
    sums[effect] += count;
    found.set(time, sums);
  }
  const periods = startsIn(unit, from, to).map((start) => ({
    start,
    allow: 0,
    deny: 0,
    ...found.get(start.getTime()),
  }));
  // Whoever searches from the year 1000 on does not want to see how little happened then.
  if (periods.length <= MOST_BARS) return periods;
  const first = periods.findIndex(({ allow, deny }) => allow + deny > 0);
  return first === -1 ? [] : periods.slice(first);
}
