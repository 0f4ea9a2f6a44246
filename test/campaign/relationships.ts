import { openPostgres } from "../../app/db/postgres.js";
import { cerbos } from "../../middleware/index.js";
import { startPdp } from "../../middleware/testing/index.js";
import { createDatabase } from "../support/database/temporary-database.js";
import { tryRelationships } from "../support/directory/relationships/trial.js";
import { projectPath } from "../support/paths.js";

const MAX_STEPS = 40;

/**
 * Random histories of organizations whose profiles name managers. `CASES` says how many (default 2,000), `SEED` the seed.
 *
 * @throws Error when a user sees a contact of one who does not report to them, or misses one
 */
export async function relationships(): Promise<void> {
  const cases = Number(process.env.CASES ?? 2_000);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const server = process.env.TEST_DATABASE_URL;
  if (!server) throw new Error("TEST_DATABASE_URL must name a PostgreSQL.");
  console.log(`${cases} histories, SEED=${seed}`);
  const temporary = await createDatabase(server);
  const database = await openPostgres(temporary.url, () => {});
  const child = await startPdp({
    policies: projectPath("policies"),
    config: projectPath("pdp/pdp.yaml"),
  });
  const pdp = cerbos(child.target, { tls: false });
  try {
    await tryRelationships(database.db, pdp, { seed, cases, maxSteps: MAX_STEPS });
    console.log("each user saw what those own who report to them, and no more");
  } finally {
    pdp.close();
    await child.stop();
    await database.close();
    await temporary.drop();
  }
}
