/** The periods that a chart can have a bar for, by PostgreSQL's names. Weeks begin on Mondays, and all are in UTC. */
export const units = ["hour", "day", "week", "month", "year"] as const;
export type Unit = (typeof units)[number];

/** About as many bars as a reader can distinguish. */
const MAX_PERIODS = 48;
const HOUR_MS = 60 * 60 * 1000;
export const DAY_MS = 24 * HOUR_MS;
const lengthsMs: Readonly<Record<Unit, number>> = {
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30.44 * DAY_MS,
  year: 365.25 * DAY_MS,
};

/** The smallest unit that divides a span of time into at most 48 periods, or about as many. */
export function unitFor(from: Date, to: Date): Unit {
  const spanMs = to.getTime() - from.getTime();
  return units.find((unit) => spanMs <= MAX_PERIODS * lengthsMs[unit]) ?? "year";
}

/** The beginning of the period that contains a moment. */
export function startOf(unit: Unit, moment: Date): Date {
  if (unit === "hour") return new Date(Math.floor(moment.getTime() / HOUR_MS) * HOUR_MS);
  const [year, month, day] = [moment.getUTCFullYear(), moment.getUTCMonth(), moment.getUTCDate()];
  if (unit === "day") return dateOf(year, month, day);
  if (unit === "week") return dateOf(year, month, day - ((moment.getUTCDay() + 6) % 7));
  return unit === "month" ? dateOf(year, month, 1) : dateOf(year, 0, 1);
}

/** The beginning of the next period. */
export function nextOf(unit: Unit, start: Date): Date {
  if (unit === "hour") return new Date(start.getTime() + HOUR_MS);
  const [year, month, day] = [start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate()];
  if (unit === "day") return dateOf(year, month, day + 1);
  if (unit === "week") return dateOf(year, month, day + 7);
  return unit === "month" ? dateOf(year, month + 1, 1) : dateOf(year + 1, 0, 1);
}

/** The beginnings of all periods that overlap a span of time. */
export function startsIn(unit: Unit, from: Date, to: Date): Date[] {
  const starts: Date[] = [];
  for (let start = startOf(unit, from); start < to; start = nextOf(unit, start)) starts.push(start);
  return starts;
}

/** Unlike `Date.UTC`, it does not take the years 0 to 99 for 1900 to 1999. */
function dateOf(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date;
}
