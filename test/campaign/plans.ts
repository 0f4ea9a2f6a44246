import { createDatabase } from "../support/database/temporary-database.js";
import { openPostgres } from "../support/differential/databases.js";
import { tryRandomPolicies } from "../support/differential/random-policies.js";
import { pdpVersions } from "../support/pdp/pdp-versions.js";

/** How many policies have one seed. */
const ROUND = 1_000;

/**
 * Compares the lists of random policies with the checks of the PDP, on every release that there is. `CASES` says how many
 * policies on each (default 10,000), `SEED` the first round's seed.
 *
 * @throws Error when a list differs by anything but the known defects of the planner
 */
export async function plans(): Promise<void> {
  const cases = Number(process.env.CASES ?? 10_000);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const server = process.env.TEST_DATABASE_URL;
  if (!server) throw new Error("TEST_DATABASE_URL must name a PostgreSQL.");
  const database = await openPostgres(await createDatabase(server));
  let failures = 0;
  try {
    for (const version of pdpVersions) {
      const totals: Record<string, number> = {};
      for (let done = 0; done < cases; done += ROUND) {
        const round = { version, cases: Math.min(ROUND, cases - done), seed: seed + done / ROUND };
        const outcome = await tryRandomPolicies(database, round);
        for (const [style, counts] of Object.entries(outcome.counts)) {
          for (const [what, count] of Object.entries(counts)) add(totals, `${style}: ${what}`, count);
        }
        for (const [defect, count] of Object.entries(outcome.defects)) add(totals, `defect: ${defect}`, count);
        failures += outcome.failures.length;
        add(totals, "unexplained", outcome.failures.length);
        for (const failure of outcome.failures) {
          console.error(`PDP ${version.name}, SEED=${round.seed} CASES=${round.cases}\n${failure}\n`);
        }
      }
      console.log(`PDP ${version.name}, seeds from ${seed}`);
      console.table(totals);
    }
  } finally {
    await database.close();
  }
  if (failures > 0) throw new Error(`${failures} lists differ`);
}

function add(totals: Record<string, number>, name: string, count: number): void {
  totals[name] = (totals[name] ?? 0) + count;
}
