import { bisectRight, nice, sum, ticks } from "d3-array";
import { utcMonday, utcSunday, utcTickInterval } from "d3-time";
import { formatted } from "../../../web/time/dates.js";
import { fromWallClock, wallClock } from "../../../web/time/zones.js";
import { intervalIn, type Unit } from "../../search/periods.js";
import type { ChartData, Period } from "./chart.js";

/** About how many steps the axis of counts has. */
const COUNT_STEPS = 2;
/** About how many labels the axis of time has. */
const TIME_LABELS = 6;
/** How many of them small screens have room for. */
const MAX_LABELS_ON_SMALL_SCREENS = 4;
const MAX_BAR_WIDTH_PERCENT = 4;

/**
 * Computes the position and size of everything in a chart, in per cent of the drawing: so it is as wide as the page
 * allows, while its labels, which are outside of the drawing, keep their size. Denied decisions are at the bottom of a
 * bar, where they can be compared, and allowed ones on top of them.
 *
 * @param hrefOf - the address of what was found in a period
 */
export function layoutOf({ unit, zone, periods, caption }: ChartData, hrefOf: (from: Date, to: Date) => string) {
  const interval = intervalIn(unit, zone);
  const countTicks = ticksUpTo(Math.max(1, ...periods.map(({ allow, deny }) => allow + deny)));
  const top = countTicks.at(-1) ?? 1;
  const step = 100 / Math.max(1, periods.length);
  const width = Math.min(MAX_BAR_WIDTH_PERCENT, step * 0.75);
  const yOf = (count: number) => 100 - (100 * count) / top;
  const labelled = labelledStarts(periods, zone);
  const majorEvery = Math.ceil(labelled.length / MAX_LABELS_ON_SMALL_SCREENS);

  return {
    unit,
    caption: [spanOf(unit, periods, zone), caption].filter(Boolean).join(" "),
    allowed: sum(periods, ({ allow }) => allow),
    denied: sum(periods, ({ deny }) => deny),
    ticks: countTicks.map((count) => ({ y: percent(yOf(count)), label: compact.format(count) })),
    bars: periods.map(({ start, allow, deny }, n) => {
      const left = step * n;
      const labelIndex = labelled.indexOf(start.getTime());
      return {
        left: percent(left),
        step: percent(step),
        x: percent(left + (step - width) / 2),
        width: percent(width),
        label: labelIndex === -1 ? null : labelOf(unit, start, zone),
        /** Whether the label is left out on small screens. */
        isMinor: (labelled.length - 1 - labelIndex) % majorEvery !== 0,
        name: nameOf(unit, start, zone),
        datetime: start.toISOString(),
        href: hrefOf(start, interval.offset(start)),
        allow,
        deny,
        denied: { y: percent(yOf(deny)), height: percent(yOf(0) - yOf(deny)) },
        allowed: { y: percent(yOf(allow + deny)), height: percent(yOf(deny) - yOf(allow + deny)) },
      };
    }),
  };
}

/** The span of time that the chart covers. */
function spanOf(unit: Unit, periods: readonly Period[], zone: string): string {
  const [first, last] = [periods.at(0), periods.at(-1)].map((period) => period && nameOf(unit, period.start, zone));
  if (!first) return "";
  return first === last ? `${first}, in ${zone}.` : `${first} to ${last}, in ${zone}.`;
}

const compact = new Intl.NumberFormat("en-GB", { notation: "compact" });

/** Round numbers at equal distances, from 0 to at least the highest count. */
function ticksUpTo(highest: number): number[] {
  const [, top] = nice(0, highest, COUNT_STEPS);
  // There is no half of a decision.
  return ticks(0, top, COUNT_STEPS).filter(Number.isInteger);
}

/** The beginnings, in ms, of the periods in which the clocks show round times, at about equal distances. */
function labelledStarts(periods: readonly Period[], zone: string): number[] {
  const [first, last] = [periods.at(0), periods.at(-1)].map((period) => period && wallClock(period.start, zone));
  if (!first || !last) return [];
  const interval = utcTickInterval(first, last, TIME_LABELS);
  // The ticks of d3 have weeks that begin on Sundays. What `range` is given as the end is not in it.
  const times = (interval === utcSunday ? utcMonday : interval)?.range(first, new Date(+last + 1)) ?? [];
  const starts = periods.map(({ start }) => start);
  return [...new Set(times.map((time) => Number(starts[bisectRight(starts, fromWallClock(time, zone)) - 1])))];
}

function percent(length: number): string {
  return `${Math.round(length * 100) / 100}%`;
}

const formats: Readonly<Record<Unit, Intl.DateTimeFormatOptions>> = {
  hour: { hour: "2-digit", minute: "2-digit" },
  day: { weekday: "short", day: "numeric", month: "short" },
  week: { day: "numeric", month: "short" },
  month: { month: "short", year: "2-digit" },
  year: { year: "numeric" },
};

/** The short name of a period, below its bar. */
function labelOf(unit: Unit, start: Date, zone: string): string {
  return formatted(start, zone, formats[unit]);
}

/** The full name of a period. */
function nameOf(unit: Unit, start: Date, zone: string): string {
  const day = () => formatted(start, zone, { dateStyle: "medium" });
  const weekday = () => formatted(start, zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const names: Readonly<Record<Unit, () => string>> = {
    hour: () => `${day()}, ${labelOf("hour", start, zone)}`,
    day: weekday,
    week: () => `Week of ${day()}`,
    month: () => formatted(start, zone, { month: "long", year: "numeric" }),
    year: () => labelOf("year", start, zone),
  };
  return names[unit]();
}
