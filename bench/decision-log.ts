import autocannon from "autocannon";
import { createDatabase } from "../test/support/database/temporary-database.js";
import { median } from "../test/support/load/median.js";
import { startCrm } from "./crm-process.js";

/*
 * What the decision log costs: reading, changing and listing contacts in the whole CRM, with the log on and off, in turns, in one
 * process with one PDP and one database: two processes differ by more than the log costs. Needs PostgreSQL: set
 * TEST_DATABASE_URL.
 *
 * As in guard.ts, the figures are medians of the ratios within short rounds. A round lasts until its decisions are
 * written and sealed.
 */

const CONNECTIONS = 16;
const ROUND_SECONDS = 5;
const ROUNDS = 9;

/** What is done, and which share of its throughput should remain with the log on. */
const wanted = { read: 0.95, change: 0.87, "list as a page": 0.9, "list as JSON": 0.9 } as const;
type Work = keyof typeof wanted;
/** Enough for a full page of a list. */
const CONTACTS = 50;

const server = process.env.TEST_DATABASE_URL;
if (!server) {
  console.log(
    "What the decision log costs: not measured; set TEST_DATABASE_URL to the address of a PostgreSQL to do so.",
  );
  process.exit();
}
const database = await createDatabase(server);
const crm = await startCrm(database.url);
try {
  // At least one for each connection, which is one user's, so that no two change the same contact.
  const contacts = await Promise.all(Array.from({ length: CONTACTS }, (_, n) => create(n)));
  console.log(
    `The CRM over HTTP, ${CONNECTIONS} connections, medians of ${ROUNDS} rounds of ${ROUND_SECONDS} s each.\n`,
  );
  console.log("| work | log off, requests/s | log on, requests/s | share | wanted |");
  console.log("| --- | ---: | ---: | ---: | ---: |");
  for (const name of Object.keys(wanted) as Work[]) await compare(name, contacts);
} finally {
  await crm.stop();
  await database.drop();
}

async function compare(name: Work, contacts: readonly string[]): Promise<void> {
  const rounds: { on: number; off: number }[] = [];
  // The first ones only warm up.
  for (let n = -2; n < ROUNDS; n += 1) {
    const round = { on: 0, off: 0 };
    for (const log of n % 2 ? (["on", "off"] as const) : (["off", "on"] as const)) {
      round[log] = await load(log === "on" ? crm.url : crm.urlWithoutLog, name, contacts);
    }
    if (n >= 0) rounds.push(round);
  }
  const share = median(rounds.map((round) => round.on / round.off)).toFixed(2);
  const rate = (log: "on" | "off") => Math.round(median(rounds.map((round) => round[log])));
  console.log(`| ${name} | ${rate("off")} | ${rate("on")} | ${share} | ${wanted[name]} |`);
}

/** Requests a second. */
async function load(url: string, name: Work, contacts: readonly string[]): Promise<number> {
  const start = performance.now();
  let client = 0;
  const result = await autocannon({
    url,
    duration: ROUND_SECONDS,
    connections: CONNECTIONS,
    setupClient: (each) => {
      const n = client++ % CONNECTIONS;
      each.setRequests([requestOf(name, `/contacts/${contacts[n]}`, headersOf(n))]);
    },
  });
  await crm.drain();
  const seconds = (performance.now() - start) / 1000;
  // A change that the round before left under way can be in the way of the first one.
  const failed = result.errors + result.timeouts + result.non2xx - (result.statusCodeStats?.["412"]?.count ?? 0);
  if (failed > 0) throw new Error(`${failed} of ${result.requests.total} requests (${name}) failed`);
  return result["2xx"] / seconds;
}

/** The headers of a user's requests, by the user's number. */
function headersOf(n: number) {
  return { authorization: `Bearer ${crm.users[n % crm.users.length]}`, accept: "application/json" };
}

function requestOf(name: Work, path: string, headers: ReturnType<typeof headersOf>): autocannon.Request {
  if (name === "read") return { method: "GET", path, headers };
  if (name === "list as JSON") return { method: "GET", path: "/contacts", headers };
  if (name === "list as a page")
    return { method: "GET", path: "/contacts", headers: { ...headers, accept: "text/html" } };
  const body = '{"title":"Engineer"}';
  const patch = { ...headers, "content-type": "application/json", "if-match": "*" };
  return { method: "PATCH", path, headers: patch, body };
}

async function create(n: number): Promise<string> {
  const body = JSON.stringify({ firstName: "Ada", lastName: `Contact ${n}` });
  const headers = { ...headersOf(n), "content-type": "application/json" };
  const response = await fetch(`${crm.url}/contacts`, { method: "POST", headers, body });
  return ((await response.json()) as { id: string }).id;
}
