/**
 * Erases a person who is gone from Okta, and ends:
 *
 *     DATABASE_URL=postgres://... npm run -s directory:erase -- 00u8t3wq9pExample5d7
 *
 * Exit code 0 when nothing but the id is stored of them, and 1 when that could not be done.
 */
import { loadDatabaseUrl } from "../config.js";
import { openPostgres } from "../db/postgres.js";
import { messageOf } from "../error-description.js";
import { type Erasure, erasePerson } from "./store/erasure.js";

try {
  const [id, ...rest] = process.argv.slice(2);
  if (!id || rest.length > 0) throw new Error("Give the id of one person, such as 00u8t3wq9pExample5d7.");
  const database = await openPostgres(loadDatabaseUrl(), () => {}, { mustExist: true });
  try {
    const erasure = await erasePerson(database.db, id);
    if (erasure.outcome !== "erased") throw new Error(refusalOf(id, erasure));
    console.log(`${id} is erased. Decisions keep this id. Erase it again when an older backup is restored.`);
  } finally {
    await database.close();
  }
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}

function refusalOf(id: string, erasure: Exclude<Erasure, { outcome: "erased" }>): string {
  if (erasure.outcome === "unknown") return `Nothing is stored of ${id}.`;
  return `${id} is ${erasure.status} in Okta, and would be read from there again. Deactivate or delete the user in Okta first.`;
}
