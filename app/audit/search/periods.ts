/** What a chart has a bar for; weeks begin on Mondays, and all in UTC. As PostgreSQL calls them. */
export const units = ["hour", "day", "week", "month", "year"] as const;
export type Unit = (typeof units)[number];

/** About as many bars as can be told from each other. */
const MOST_BARS = 48;
const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const lengths: Readonly<Record<Unit, number>> = {
  hour: HOUR,
  day: DAY,
  week: 7 * DAY,
  month: 30.44 * DAY,
  year: 365.25 * DAY,
};

/** The smallest unit of which a time has not too many. */
export function unitFor(from: Date, to: Date): Unit {
  const length = to.getTime() - from.getTime();
  return units.find((unit) => length <= MOST_BARS * lengths[unit]) ?? "year";
}

/** The beginning of the period that a moment lies in. */
export function startOf(unit: Unit, moment: Date): Date {
  if (unit === "hour") return new Date(Math.floor(moment.getTime() / HOUR) * HOUR);
  const [year, month, day] = [moment.getUTCFullYear(), moment.getUTCMonth(), moment.getUTCDate()];
  if (unit === "day") return dateOf(year, month, day);
  if (unit === "week") return dateOf(year, month, day - ((moment.getUTCDay() + 6) % 7));
  return unit === "month" ? dateOf(year, month, 1) : dateOf(year, 0, 1);
}

/** The beginning of the period after the one that begins at a moment. */
export function nextOf(unit: Unit, start: Date): Date {
  if (unit === "hour") return new Date(start.getTime() + HOUR);
  const [year, month, day] = [start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate()];
  if (unit === "day") return dateOf(year, month, day + 1);
  if (unit === "week") return dateOf(year, month, day + 7);
  return unit === "month" ? dateOf(year, month + 1, 1) : dateOf(year + 1, 0, 1);
}

/** Beginnings of the periods that a time touches. */
export function startsIn(unit: Unit, from: Date, to: Date): Date[] {
  const starts: Date[] = [];
  for (let start = startOf(unit, from); start < to; start = nextOf(unit, start)) starts.push(start);
  return starts;
}

/** Years before 100 would count as of the last century. */
function dateOf(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date;
}
