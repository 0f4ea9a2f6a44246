import type { Unit } from "../../search/periods.js";
import type { ChartData, Period } from "./chart.js";

const MAX_LABELS = 8;
const MAX_BAR_WIDTH_PERCENT = 4;

/**
 * Computes the position and size of everything in a chart, in per cent of the drawing: so it is as wide as the page
 * allows, while its labels, which are outside of the drawing, keep their size. Denied decisions are at the bottom of a
 * bar, where they can be compared, and allowed ones on top of them.
 */
export function layoutOf({ unit, periods, caption }: ChartData) {
  const ticks = ticksUpTo(Math.max(1, ...periods.map(({ allow, deny }) => allow + deny)));
  const top = ticks.at(-1) ?? 1;
  const step = 100 / Math.max(1, periods.length);
  const width = Math.min(MAX_BAR_WIDTH_PERCENT, step * 0.75);
  const yOf = (count: number) => 100 - (100 * count) / top;
  const labelEvery = Math.ceil(periods.length / MAX_LABELS);
  const sum = (effect: "allow" | "deny") => periods.reduce((total, period) => total + period[effect], 0);

  return {
    unit,
    caption: [spanOf(unit, periods), caption].filter(Boolean).join(" "),
    allowed: sum("allow"),
    denied: sum("deny"),
    ticks: ticks.map((count) => ({ y: percent(yOf(count)), label: compact.format(count) })),
    bars: periods.map(({ start, allow, deny }, n) => {
      const left = step * n;
      // Counted from the right, so that the newest bar always has a label.
      const fromRight = periods.length - 1 - n;
      return {
        left: percent(left),
        step: percent(step),
        x: percent(left + (step - width) / 2),
        width: percent(width),
        label: fromRight % labelEvery === 0 ? labelOf(unit, start) : null,
        /** Whether the label is left out on small screens. */
        isMinor: (fromRight / labelEvery) % 2 === 1,
        name: nameOf(unit, start),
        datetime: start.toISOString(),
        allow,
        deny,
        denied: { y: percent(yOf(deny)), height: percent(yOf(0) - yOf(deny)) },
        allowed: { y: percent(yOf(allow + deny)), height: percent(yOf(deny) - yOf(allow + deny)) },
      };
    }),
  };
}

/** The span of time that the chart covers. */
function spanOf(unit: Unit, periods: readonly Period[]): string {
  const [first, last] = [periods.at(0), periods.at(-1)].map((period) => period && nameOf(unit, period.start));
  if (!first) return "";
  return first === last ? `${first}, in UTC.` : `${first} to ${last}, in UTC.`;
}

const compact = new Intl.NumberFormat("en-GB", { notation: "compact" });

/** About four round numbers, from 0 to at least the highest count. */
function ticksUpTo(highest: number): number[] {
  const rough = highest / 4;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const size = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? highest;
  return Array.from({ length: Math.ceil(highest / size) + 1 }, (_, n) => n * size);
}

function percent(length: number): string {
  return `${Math.round(length * 100) / 100}%`;
}

const formats: Readonly<Record<Unit, Intl.DateTimeFormatOptions>> = {
  hour: { hour: "2-digit", minute: "2-digit" },
  day: { day: "numeric", month: "short" },
  week: { day: "numeric", month: "short" },
  month: { month: "short", year: "2-digit" },
  year: { year: "numeric" },
};

/** The short name of a period, below its bar. */
function labelOf(unit: Unit, start: Date): string {
  return start.toLocaleString("en-GB", { ...formats[unit], timeZone: "UTC" });
}

/** The full name of a period. */
function nameOf(unit: Unit, start: Date): string {
  const date = { dateStyle: "medium", timeZone: "UTC" } as const;
  if (unit === "hour") return `${start.toLocaleDateString("en-GB", date)}, ${labelOf("hour", start)}`;
  if (unit === "week") return `Week of ${start.toLocaleDateString("en-GB", date)}`;
  if (unit === "month") return start.toLocaleDateString("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
  return unit === "year" ? labelOf("year", start) : start.toLocaleDateString("en-GB", date);
}
