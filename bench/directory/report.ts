import { percentile } from "../../test/support/load/percentile.js";

/** A measured number, and the most or least that it should be. */
export interface Figure {
  readonly name: string;
  readonly measured: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Prints figures as a table, and whether each is as wanted. @param digits - behind the point */
export function printFigures(title: string, figures: readonly Figure[], digits = 0): void {
  console.log(`\n| ${title} | measured | wanted | holds |`);
  console.log("| --- | ---: | ---: | --- |");
  for (const { name, measured, atMost, atLeast } of figures) {
    const wanted = atMost === undefined ? (atLeast === undefined ? "" : `≥ ${atLeast}`) : `≤ ${atMost}`;
    const holds = measured <= (atMost ?? measured) && measured >= (atLeast ?? measured);
    console.log(`| ${name} | ${measured.toFixed(digits)} | ${wanted} | ${wanted && (holds ? "yes" : "**no**")} |`);
  }
}

/** The median and the 99th percentile of some times. */
export function timeFigures(name: string, times: readonly number[], wanted: { p50?: number; p99?: number }): Figure[] {
  return ([50, 99] as const).map((percent) => {
    const atMost = wanted[`p${percent}`];
    const measured = percentile(times, percent);
    return { name: `${name}, p${percent}`, measured, ...(atMost !== undefined && { atMost }) };
  });
}
