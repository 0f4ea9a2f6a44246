import { createDatabase } from "../support/database/temporary-database.js";
import { tryRequests } from "../support/requests/trial.js";

/**
 * Sends mutated requests of all identities to all routes. `CASES` says how many (default 30,000), `SEED` the first
 * thousand's seed.
 *
 * @throws Error when an answer is a 5xx, allows what the PDP denies, shows a contact to somebody who may not read it or
 * code to anybody, or when the log has personal data
 */
export async function requests(): Promise<void> {
  const cases = Number(process.env.CASES ?? 30_000);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const server = process.env.TEST_DATABASE_URL;
  if (!server) throw new Error("TEST_DATABASE_URL must name a PostgreSQL.");
  console.log(`${cases} requests, SEED=${seed}`);
  const database = await createDatabase(server);
  try {
    const { statuses, successes, changes, findings } = await tryRequests(database.url, {
      seed,
      cases,
      onProgress: console.log,
    });
    console.table(statuses);
    console.table(successes);
    console.log(`${changes} changes of contacts, ${findings.length} findings`);
    for (const finding of findings) console.error(`${finding}\n`);
    if (findings.length > 0) throw new Error(`${findings.length} findings`);
  } finally {
    await database.drop();
  }
}
