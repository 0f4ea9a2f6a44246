import autocannon from "autocannon";
import pg from "pg";
import { createDatabase } from "../test/support/database/temporary-database.js";
import { median } from "../test/support/load/median.js";
import { startCrm } from "./crm-process.js";

/*
 * What the list costs besides its query: as a page of 25 compared with the same as JSON, and what its indexes take from the
 * creation of contacts, in the whole CRM without its decision log. In turns; the figures are medians of the ratios within each
 * round. Needs PostgreSQL: set TEST_DATABASE_URL.
 */

const CONNECTIONS = 16;
const ROUND_SECONDS = 2;
const ROUNDS = 9;
/** More than a page has. */
const CONTACTS = 60;
/** The indexes that are there for the list's sorts, searches and filters alone. */
const LIST_INDEXES = ["email", "company", "title", "creation", "change", "search", "short_part", "tag"].map(
  (name) => `contacts_by_${name}`,
);

const contact = {
  firstName: "Ada",
  lastName: "Lovelace",
  company: "Analytical Engines",
  title: "Countess",
  phone: "+44 20 7946 0000",
};
/** Measures once. @returns requests a second */
type Measure = () => Promise<number>;

const server = process.env.TEST_DATABASE_URL;
if (!server) {
  console.log("What a list costs: not measured; set TEST_DATABASE_URL to the address of a PostgreSQL to do so.");
  process.exit();
}
const database = await createDatabase(server);
const crm = await startCrm(database.url);
const client = new pg.Client({ connectionString: database.url });
await client.connect();
try {
  for (let n = 0; n < CONTACTS; n += 1) {
    const options = { method: "POST", headers: headersOf(n), body: JSON.stringify(contact) };
    await fetch(`${crm.urlWithoutLog}/contacts`, options);
  }
  const list = (accept: string) => (n: number) => ({ path: "/contacts", headers: { ...headersOf(n), accept } });
  console.log("| | share of the throughput | wanted |\n| --- | ---: | ---: |");
  await compare("a list as a page, of JSON", 0.6, [
    () => load(list("text/html")),
    () => load(list("application/json")),
  ]);
  const create = (n: number) =>
    ({ method: "POST", path: "/contacts", headers: headersOf(n), body: JSON.stringify(contact) }) as const;
  const { rows: indexes } = await client.query<{ indexname: string; indexdef: string }>(
    "select indexname, indexdef from pg_indexes where indexname = any($1)",
    [LIST_INDEXES],
  );
  if (indexes.length !== LIST_INDEXES.length) throw new Error("an index of the list has another name now");
  await compare("new contacts with the list's indexes, of those without", 0.85, [
    () => load(create),
    async () => {
      for (const { indexname } of indexes) await client.query(`drop index ${indexname}`);
      const rate = await load(create);
      for (const { indexdef } of indexes) await client.query(indexdef);
      return rate;
    },
  ]);
} finally {
  await client.end();
  await crm.stop();
  await database.drop();
}

async function compare(name: string, wanted: number, [one, other]: readonly [Measure, Measure]): Promise<void> {
  const shares: number[] = [];
  // The first ones only warm up.
  for (let n = -2; n < ROUNDS; n += 1) {
    const isReversed = n % 2 === 0;
    const first = await (isReversed ? other : one)();
    const second = await (isReversed ? one : other)();
    if (n >= 0) shares.push(isReversed ? second / first : first / second);
  }
  console.log(`| ${name} | ${median(shares).toFixed(2)} | ${wanted} |`);
}

/** Requests a second, each connection as another user. */
async function load(requestOf: (n: number) => autocannon.Request): Promise<number> {
  let connections = 0;
  const result = await autocannon({
    url: crm.urlWithoutLog,
    duration: ROUND_SECONDS,
    connections: CONNECTIONS,
    setupClient: (each) => each.setRequests([requestOf(connections++)]),
  });
  const failed = result.errors + result.timeouts + result.non2xx;
  if (failed > 0) throw new Error(`${failed} of ${result.requests.total} requests failed`);
  return result["2xx"] / result.duration;
}

function headersOf(n: number) {
  return {
    authorization: `Bearer ${crm.users[n % crm.users.length]}`,
    accept: "application/json",
    "content-type": "application/json",
  };
}
