import {
  type CountableTimeInterval,
  type TimeInterval,
  timeInterval,
  utcDay,
  utcHour,
  utcMonday,
  utcMonth,
  utcYear,
} from "d3-time";
import { fromWallClock, UTC, wallClock } from "../../web/time/zones.js";

/** The periods that a chart can have a bar for, the shortest first. */
export const units = ["hour", "day", "week", "month", "year"] as const;
export type Unit = (typeof units)[number];

/** Where periods begin, on a clock without a zone: weeks on Mondays. */
export const clockIntervals: Readonly<Record<Unit, CountableTimeInterval>> = {
  hour: utcHour,
  day: utcDay,
  week: utcMonday,
  month: utcMonth,
  year: utcYear,
};

/**
 * Where periods begin in a time zone. Days are as long there as they are: 23 or 25 hours when the clocks change. Hours are those
 * of UTC, as the log is counted by them.
 */
export function intervalIn(unit: Unit, zone: string): TimeInterval {
  const onClock = clockIntervals[unit];
  if (clockOf(unit, zone) === UTC) return onClock;
  const set = (date: Date, clock: Date) => void date.setTime(fromWallClock(clock, zone).getTime());
  return timeInterval(
    (date) => set(date, onClock.floor(wallClock(date, zone))),
    // A day may begin at one o'clock, where the clocks leave out the hour before. The next one does not.
    (date, step) => set(date, onClock.offset(onClock.floor(wallClock(date, zone)), step)),
  );
}

/** The zone by whose clocks a unit is counted. */
function clockOf(unit: Unit, zone: string): string {
  return unit === "hour" ? UTC : zone;
}

/** About as many bars as a reader can distinguish. */
export const MAX_PERIODS = 48;

/** The shortest unit of which at most 48 periods overlap a span of time; years, when none is long enough. */
export function unitFor(from: Date, to: Date, zone: string): Unit {
  const fits = (unit: Unit) => {
    const [first, last] = [from, to].map((time) => wallClock(time, clockOf(unit, zone))) as [Date, Date];
    return clockIntervals[unit].count(first, clockIntervals[unit].ceil(last)) <= MAX_PERIODS;
  };
  return units.find(fits) ?? "year";
}

/** The beginnings of all periods that overlap a span of time. */
export function startsIn(unit: Unit, from: Date, to: Date, zone: string): Date[] {
  const interval = intervalIn(unit, zone);
  return interval.range(interval.floor(from), to);
}

/** The periods that a search can name, by the days that they have before today. */
const namedPeriods = { today: 0, yesterday: 1, "last-7-days": 6, "last-30-days": 29 } as const;
export type NamedPeriod = keyof typeof namedPeriods;
/** Their names. */
export const periodNames = Object.keys(namedPeriods) as [NamedPeriod, ...NamedPeriod[]];

/** When a named period begins and ends in a time zone. All but yesterday go on: they have no end. */
export function spanOf(period: NamedPeriod, now: Date, zone: string): { readonly from: Date; readonly to?: Date } {
  const day = intervalIn("day", zone);
  const today = day.floor(now);
  // Not by 24 hours: some days are longer, or shorter.
  const from = day.offset(today, -namedPeriods[period]);
  return period === "yesterday" ? { from, to: today } : { from };
}
