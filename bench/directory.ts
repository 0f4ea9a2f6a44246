import { cleanUpAfterAllTests } from "../test/support/cleanup.js";
import { latency } from "./directory/latency.js";
import { processes } from "./directory/processes.js";
import { reads } from "./directory/reads.js";
import { scale } from "./directory/scale.js";

/*
 * The directory: how soon a change at Okta is decided by, in one process and in three; what a first load and ten changes
 * cost, whatever the size of the organization; and what a directory costs reads. Needs PostgreSQL: set
 * TEST_DATABASE_URL. Takes half an hour. With names of parts as arguments, such as `scale reads`, it runs those alone.
 * `CHANGES` is how many changes are made one after the other (default 1,000).
 */

const parts: Record<string, (server: string) => Promise<void>> = { latency, processes, scale, reads };

const server = process.env.TEST_DATABASE_URL;
if (!server) {
  console.log("The directory: not measured; set TEST_DATABASE_URL to the address of a PostgreSQL to do so.");
  process.exit();
}
const chosen = process.argv.slice(2);
try {
  for (const [name, part] of Object.entries(parts)) {
    if (chosen.length === 0 || chosen.includes(name)) await part(server);
  }
} finally {
  await cleanUpAfterAllTests();
}
