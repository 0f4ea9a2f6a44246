import { type CountableTimeInterval, utcDay, utcHour, utcMonday, utcMonth, utcYear } from "d3-time";

/** The periods that a chart can have a bar for, by PostgreSQL's names, the shortest first. */
export const units = ["hour", "day", "week", "month", "year"] as const;
export type Unit = (typeof units)[number];

/** Where periods begin: in UTC, weeks on Mondays, as in PostgreSQL's `date_trunc(unit, time, 'UTC')`. */
export const intervals: Readonly<Record<Unit, CountableTimeInterval>> = {
  hour: utcHour,
  day: utcDay,
  week: utcMonday,
  month: utcMonth,
  year: utcYear,
};

/** About as many bars as a reader can distinguish. */
export const MAX_PERIODS = 48;

/** The shortest unit of which at most 48 periods overlap a span of time; years, when none is long enough. */
export function unitFor(from: Date, to: Date): Unit {
  return units.find((unit) => intervals[unit].count(from, intervals[unit].ceil(to)) <= MAX_PERIODS) ?? "year";
}

/** The beginnings of all periods that overlap a span of time. */
export function startsIn(unit: Unit, from: Date, to: Date): Date[] {
  return intervals[unit].range(intervals[unit].floor(from), to);
}
