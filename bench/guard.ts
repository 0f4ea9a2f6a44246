import { availableParallelism } from "node:os";
import autocannon from "autocannon";
import { startPdp } from "../middleware/testing/index.js";
import { median } from "../test/support/load/median.js";
import { projectPath } from "../test/support/paths.js";
import { startChild } from "./child.js";

/*
 * What a guard costs: one route unguarded, guarded by `authorize`, and guarded by a check written by hand with the same
 * client, in turns, against the same PDP with the real policies. Run with `npm run bench`; it takes a bit more than a minute.
 *
 * Figures of different moments cannot be compared on a machine that does other things too. So the rounds are many and
 * short, and the figures are medians of the ratios within each round.
 */

const CONNECTIONS = 32;
const ROUND_SECONDS = 1;
const WARM_UP_SECONDS = 2;
const TIMED_SECONDS = 3;

const variants = ["unguarded", "authorize", "by-hand"] as const;
type Variant = (typeof variants)[number];

/** Each variant comes after each other one as often as before it: what one leaves to be cleaned up slows the next. */
const rounds: readonly (readonly Variant[])[] = [
  ["unguarded", "authorize", "by-hand"],
  ["by-hand", "authorize", "unguarded"],
  ["authorize", "by-hand", "unguarded"],
  ["unguarded", "by-hand", "authorize"],
  ["by-hand", "unguarded", "authorize"],
  ["authorize", "unguarded", "by-hand"],
];

const pdp = await startPdp({ policies: projectPath("policies"), config: projectPath("pdp/pdp.yaml") });
try {
  const server = await startChild<{ port: number }>("bench/server.ts", [pdp.target]);
  try {
    await run(`http://127.0.0.1:${server.greeting.port}`);
  } finally {
    await server.stop();
  }
} finally {
  await pdp.stop();
}

async function run(base: string): Promise<void> {
  for (const variant of variants) await load(`${base}/${variant}/1`, WARM_UP_SECONDS);

  const results: Record<Variant, Result>[] = [];
  for (const order of [...rounds, ...rounds, ...rounds]) {
    const round: Partial<Record<Variant, Result>> = {};
    for (const variant of order) round[variant] = await load(`${base}/${variant}/1`, ROUND_SECONDS);
    results.push(round as Record<Variant, Result>);
  }

  const timed = { unguarded: 0, authorize: 0 };
  for (const variant of ["unguarded", "authorize"] as const) {
    await load(`${base}/timed/${variant}/1`, TIMED_SECONDS);
    timed[variant] = (await (await fetch(`${base}/timed/${variant}/median`)).json()) as number;
  }

  const typical = (value: (round: Record<Variant, Result>) => number) => median(results.map(value));
  const share = (variant: Variant, of: Variant) => typical((round) => round[variant].rate / round[of].rate).toFixed(2);
  console.log(
    `GET of one contact, ${CONNECTIONS} connections, medians of ${results.length} rounds of ${ROUND_SECONDS} s each.`,
  );
  console.log(`Node.js ${process.version}; ${availableParallelism()} cores for load, server and PDP together.\n`);
  console.log("| route | requests/s | latency p50 (ms) | share of unguarded | share of by-hand |");
  console.log("| --- | ---: | ---: | ---: | ---: |");
  for (const variant of variants) {
    const rate = Math.round(typical((round) => round[variant].rate));
    const latency = typical((round) => round[variant].latency);
    console.log(
      `| ${variant} | ${rate} | ${latency} | ${share(variant, "unguarded")} | ${share(variant, "by-hand")} |`,
    );
  }
  const own = (timed.authorize - timed.unguarded).toFixed(3);
  console.log(`\nauthorize reaches ${share("authorize", "by-hand")} of by-hand (wanted: at least 0.95).`);
  console.log(`The middleware's own share, PDP call excluded: ${own} ms at the median (wanted: below 0.03).`);
  console.log("Repeat with: npm run bench");
}

interface Result {
  /** Requests a second. */
  readonly rate: number;
  /** Median, in ms. */
  readonly latency: number;
}

async function load(url: string, duration: number): Promise<Result> {
  const result = await autocannon({ url, duration, connections: CONNECTIONS, headers: { "x-user": "user-1" } });
  const failed = result.errors + result.timeouts + result.non2xx;
  if (failed > 0)
    throw new Error(`${failed} of ${result.requests.total} requests to ${url} were not answered with 200`);
  return { rate: result.requests.total / result.duration, latency: result.latency.p50 };
}
