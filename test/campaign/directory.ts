import { openPostgres } from "../../app/db/postgres.js";
import { createDatabase } from "../support/database/temporary-database.js";
import { checkHistory } from "../support/directory/histories/check.js";
import { childProcesses } from "../support/directory/histories/grounds.js";
import type { Outcome } from "../support/directory/histories/trial.js";
import { percentile } from "../support/load/percentile.js";

const MAX_STEPS = 40;
const SHRINK_MS = 3 * 60_000;

/**
 * Random histories of an organization, followed by processes that are killed. `CASES` says how many (default 300), `SEED` the
 * first one's seed, `LANES` how many at a time (default 2).
 *
 * @throws Error when the directory is not what the organization is in the end, or a decision rested on what was taken away for
 * longer than it may, or there were too many calls
 */
export async function directory(): Promise<void> {
  const cases = Number(process.env.CASES ?? 300);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const lanes = Number(process.env.LANES ?? 2);
  const server = process.env.TEST_DATABASE_URL;
  if (!server) throw new Error("TEST_DATABASE_URL must name a PostgreSQL.");
  console.log(`${cases} histories, SEED=${seed}`);
  const began = performance.now();
  const outcomes: Outcome[] = [];
  let next = 0;
  let failures = 0;

  async function runLane(url: string): Promise<void> {
    const { db, close } = await openPostgres(url, () => {});
    try {
      for (let n = next++; n < cases; n = next++) {
        const ground = { db, start: childProcesses(url, db), maxProcesses: 2, isTimed: true };
        const options = { seed: seed + n, maxSteps: MAX_STEPS, shrinkMs: SHRINK_MS };
        const { outcome, failure } = await checkHistory(ground, options);
        outcomes.push(outcome);
        if (failure) console.error(`${failure}\n`);
        if (failure) failures++;
        if (outcomes.length % 10 === 0) console.log(`${outcomes.length} histories, ${failures} with findings`);
      }
    } finally {
      await close();
    }
  }

  const databases = await Promise.all(Array.from({ length: lanes }, () => createDatabase(server)));
  try {
    await Promise.all(databases.map(({ url }) => runLane(url)));
  } finally {
    await Promise.all(databases.map(({ drop }) => drop()));
  }
  console.table({ ...figuresOf(outcomes), seconds: Math.round((performance.now() - began) / 1_000), failures });
  if (failures > 0) throw new Error(`${failures} histories have findings`);
}

function figuresOf(outcomes: readonly Outcome[]): Record<string, number> {
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const most = (of: (outcome: Outcome) => number) => Math.round(Math.max(...outcomes.map(of)) * 100) / 100;
  const takeOvers = outcomes.flatMap(({ takeOversMs }) => takeOversMs);
  return {
    histories: outcomes.length,
    steps: sum(({ steps }) => steps),
    "kills and freezes": sum(({ kills }) => kills),
    decisions: sum(({ decisions }) => decisions),
    "questions without an answer": sum(({ unanswered }) => unanswered),
    "share of the time in which the machine was too busy":
      Math.round((sum(({ busyShare }) => busyShare) / outcomes.length) * 100) / 100,
    "most outdated decision, ms beyond its bound": most(({ worstMs }) => worstMs),
    "take-over at most, ms": percentile(takeOvers, 100),
    calls: sum(({ calls }) => calls),
    "most calls, as a share of the budget": most(({ budgetShare }) => budgetShare),
    "most refusals beyond a limit in a window": most(({ mostOverLimit }) => mostOverLimit),
  };
}
