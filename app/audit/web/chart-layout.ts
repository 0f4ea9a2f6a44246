import type { Unit } from "../search/periods.js";
import type { ChartData, Period } from "./chart.js";

const MOST_LABELS = 8;
/** Of a bar, in per cent. */
const WIDEST = 4;

/**
 * Computes where everything of a chart stands: in per cent, so that it is as wide as the page lets it be while its words,
 * which stand outside, keep their size. Denied stand on the ground, to be compared; allowed on top of them.
 */
export function drawingOf({ unit, periods, caption }: ChartData) {
  const ticks = ticksTo(Math.max(1, ...periods.map(({ allow, deny }) => allow + deny)));
  const top = ticks.at(-1) ?? 1;
  const step = 100 / Math.max(1, periods.length);
  const width = Math.min(WIDEST, step * 0.75);
  const yOf = (count: number) => 100 - (100 * count) / top;
  const every = Math.ceil(periods.length / MOST_LABELS);
  const sum = (effect: "allow" | "deny") => periods.reduce((total, period) => total + period[effect], 0);

  return {
    unit,
    caption: [spanOf(unit, periods), caption].filter(Boolean).join(" "),
    allowed: sum("allow"),
    denied: sum("deny"),
    ticks: ticks.map((count) => ({ y: round(yOf(count)), label: short.format(count) })),
    bars: periods.map(({ start, allow, deny }, n) => {
      const left = step * n;
      // From the right end, so that the newest always has one.
      const fromRight = periods.length - 1 - n;
      return {
        left: round(left),
        step: round(step),
        x: round(left + (step - width) / 2),
        width: round(width),
        label: fromRight % every === 0 ? labelOf(unit, start) : null,
        /** Whether the label is left out where there is little room. */
        isMinor: (fromRight / every) % 2 === 1,
        name: nameOf(unit, start),
        datetime: start.toISOString(),
        allow,
        deny,
        denied: { y: round(yOf(deny)), height: round(yOf(0) - yOf(deny)) },
        allowed: { y: round(yOf(allow + deny)), height: round(yOf(deny) - yOf(allow + deny)) },
      };
    }),
  };
}

/** Of which time it is. */
function spanOf(unit: Unit, periods: readonly Period[]): string {
  const [first, last] = [periods.at(0), periods.at(-1)].map((period) => period && nameOf(unit, period.start));
  if (!first) return "";
  return first === last ? `${first}, in UTC.` : `${first} to ${last}, in UTC.`;
}

const short = new Intl.NumberFormat("en-GB", { notation: "compact" });

/** Four or so round numbers, from 0 to at least the given one. */
function ticksTo(most: number): number[] {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const size = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? most;
  return Array.from({ length: Math.ceil(most / size) + 1 }, (_, n) => n * size);
}

function round(length: number): string {
  return `${Math.round(length * 100) / 100}%`;
}

const formats: Readonly<Record<Unit, Intl.DateTimeFormatOptions>> = {
  hour: { hour: "2-digit", minute: "2-digit" },
  day: { day: "numeric", month: "short" },
  week: { day: "numeric", month: "short" },
  month: { month: "short", year: "2-digit" },
  year: { year: "numeric" },
};

/** What stands below a bar. */
function labelOf(unit: Unit, start: Date): string {
  return start.toLocaleString("en-GB", { ...formats[unit], timeZone: "UTC" });
}

/** What a bar is called in full. */
function nameOf(unit: Unit, start: Date): string {
  const long = { dateStyle: "medium", timeZone: "UTC" } as const;
  if (unit === "hour") return `${start.toLocaleDateString("en-GB", long)}, ${labelOf("hour", start)}`;
  if (unit === "week") return `Week of ${start.toLocaleDateString("en-GB", long)}`;
  if (unit === "month") return start.toLocaleDateString("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
  return unit === "year" ? labelOf("year", start) : start.toLocaleDateString("en-GB", long);
}
