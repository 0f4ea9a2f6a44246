import { createDatabase } from "../test/support/database/temporary-database.js";
import { median } from "../test/support/load/median.js";
import { startCrm } from "./crm-process.js";

/*
 * One user keeps 48 pages of 100 contacts under way at once, and another opens a list now and then: what the other has to
 * wait, compared with the time before, and whether any of their requests is refused. In one process, with the decision
 * log on. Needs PostgreSQL: set TEST_DATABASE_URL.
 */

const REQUESTS_AT_ONCE = 48;
const CONTACTS = 100;
const REQUESTS_MEASURED = 60;
/** The median of the other user may become this many times as long. */
const WANTED_RATIO = 3;

const server = process.env.TEST_DATABASE_URL;
if (!server) {
  console.log("A heavy user: not measured; set TEST_DATABASE_URL to the address of a PostgreSQL to do so.");
  process.exit();
}
const database = await createDatabase(server);
const crm = await startCrm(database.url);
const [user = "", other = ""] = crm.users;
try {
  for (let n = 0; n < CONTACTS; n += 1) {
    const body = JSON.stringify({ firstName: "Ada", lastName: `Contact ${n}` });
    await fetch(`${crm.url}/contacts`, {
      method: "POST",
      headers: { ...by(user), "content-type": "application/json" },
      body,
    });
  }
  await measure();
  const before = await measure();
  let isHeavy = true;
  let served = 0;
  const heavy = Array.from({ length: REQUESTS_AT_ONCE }, async () => {
    while (isHeavy) {
      const answer = await fetch(`${crm.url}/contacts?limit=100`, { headers: by(user) });
      await answer.text();
      served += 1;
    }
  });
  await measure();
  const from = performance.now();
  served = 0;
  const during = await measure();
  const rate = (served * 1000) / (performance.now() - from);
  isHeavy = false;
  await Promise.all(heavy);
  console.log("| another user's list | alone | beside a heavy user | ratio | wanted |");
  console.log("| --- | ---: | ---: | ---: | ---: |");
  const ratio = (during.median / before.median).toFixed(1);
  console.log(
    `| median, ms | ${before.median.toFixed(1)} | ${during.median.toFixed(1)} | ${ratio} | ${WANTED_RATIO} |`,
  );
  console.log(`| refused | ${before.refused} | ${during.refused} | | 0 |`);
  console.log(`\nThe heavy user got ${rate.toFixed(1)} pages of 100 contacts a second.`);
} finally {
  await crm.stop();
  await database.drop();
}

function by(token: string) {
  return { authorization: `Bearer ${token}`, accept: "text/html" };
}

/** Lists of the other user, one after the other. */
async function measure(): Promise<{ median: number; refused: number }> {
  const times: number[] = [];
  let refused = 0;
  for (let n = 0; n < REQUESTS_MEASURED; n += 1) {
    const start = performance.now();
    const answer = await fetch(`${crm.url}/contacts`, { headers: by(other) });
    await answer.text();
    if (answer.status !== 200) refused += 1;
    times.push(performance.now() - start);
  }
  return { median: median(times), refused };
}
