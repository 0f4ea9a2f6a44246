import { tryPanels } from "../support/access/brute-force.js";
import { createDatabase } from "../support/database/temporary-database.js";
import { fillDirectory, followingOptions } from "../support/directory/followed-app.js";
import { startInProcess } from "../support/stack/in-process.js";

const PEOPLE = 60;

/**
 * Random people and contacts: what the panel of each contact says of each person, and what that person gets when they try.
 * `CASES` says how many contacts (default 50), `SEED` the seed.
 *
 * @throws Error when a cell is not what the person gets, or a count is not how many get it
 */
export async function access(): Promise<void> {
  const contacts = Number(process.env.CASES ?? 50);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const server = process.env.TEST_DATABASE_URL;
  if (!server) throw new Error("TEST_DATABASE_URL must name a PostgreSQL.");
  console.log(`${contacts} contacts and ${PEOPLE} people, SEED=${seed}`);
  const database = await createDatabase(server);
  try {
    const app = await startInProcess(database.url, followingOptions());
    try {
      const { rows, alice: admin } = await fillDirectory(app);
      const { cells, allowed } = await tryPanels({ app, rows, admin, seed, contacts, people: PEOPLE });
      console.log(`${cells} cells, ${allowed} of them allowed: each is what the person gets`);
    } finally {
      await app.stop();
    }
  } finally {
    await database.drop();
  }
}
