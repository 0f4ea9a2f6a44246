import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import pg from "pg";
import { contactColumns } from "../app/contacts/columns.js";
import { contactListRoutes } from "../app/contacts/list/routes.js";
import { contactStore } from "../app/contacts/store.js";
import type { Database } from "../app/db/database.js";
import { openPostgres } from "../app/db/postgres.js";
import { peopleStore } from "../app/directory/people.js";
import { authorization, cerbos, type Pdp, type Principal } from "../middleware/index.js";
import { toSql } from "../middleware/sql/index.js";
import { startPdp } from "../middleware/testing/index.js";
import { createDatabase, type TemporaryDatabase } from "../test/support/database/temporary-database.js";
import { median } from "../test/support/load/median.js";
import { projectPath } from "../test/support/paths.js";
import { grow, withClient } from "./contacts.js";
import { pageRowByRow } from "./row-by-row.js";

/*
 * What a page of 25 permitted contacts costs, in tables of different sizes, for a user who may see 1% of them: with the
 * filter in the query, as the CRM's own route does it, and by checking row by row in batches of 50. PostgreSQL is the one
 * that TEST_DATABASE_URL names; the databases are new, and dropped afterwards. Run with `npm run bench`; it
 * takes about a minute and a half, most of which goes into filling the tables.
 */

const SIZES = [1_000, 10_000, 100_000, 1_000_000] as const;
const ROUNDS = 40;
/** Row by row takes long, and says the same every time. */
const ROUNDS_ROW_BY_ROW = 5;

const uma: Principal = { id: "uma", roles: ["user"], attr: { department: "Sales" } };

/** A table of one size, and the ways to a page of it. */
interface Bench {
  readonly size: number;
  readonly database: Database;
  readonly temporary: TemporaryDatabase;
  readonly filtered: number[];
  readonly rowByRow: number[];
  readonly page: () => Promise<number>;
  readonly close: () => void;
}

const server = process.env.TEST_DATABASE_URL;
if (server) await run(server);
else console.log("Lists: not measured; set TEST_DATABASE_URL to the address of a PostgreSQL to do so.");

async function run(postgres: string): Promise<void> {
  const child = await startPdp({
    policies: projectPath("policies"),
    config: projectPath("pdp/pdp.yaml"),
  });
  const pdp = cerbos(child.target, { tls: false });
  const benches: Bench[] = [];
  try {
    for (const size of SIZES) benches.push(await prepare(postgres, pdp, size));
    await measure(benches, pdp);
    report(benches);
    for (const { size, temporary } of benches) if (size === SIZES.at(-1)) await explain(temporary.url, pdp);
  } finally {
    for (const { database, temporary, close } of benches) {
      close();
      await database.close();
      await temporary.drop();
    }
    pdp.close();
    await child.stop();
  }
}

async function prepare(postgres: string, pdp: Pdp, size: number): Promise<Bench> {
  const temporary = await createDatabase(postgres);
  const database = await openPostgres(temporary.url, () => {});
  await withClient(temporary.url, (client) => grow(client, size, uma.id));
  const app = express();
  app.use(
    authorization({ pdp, principal: () => uma }),
    contactListRoutes(database.db, contactStore(database.db), peopleStore(database.db)),
  );
  const listening = createServer(app).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/contacts`;
  const page = async () => {
    const answer = await fetch(url, { headers: { accept: "application/json" } });
    const { contacts } = (await answer.json()) as { contacts: unknown[] };
    return contacts.length;
  };
  return { size, database, temporary, filtered: [], rowByRow: [], page, close: () => listening.close() };
}

/** In turns, so that other work of the machine affects all sizes alike. */
async function measure(benches: readonly Bench[], pdp: Pdp): Promise<void> {
  for (const { page } of benches) for (let n = 0; n < 10; n++) await page();
  for (let round = 0; round < ROUNDS; round++) {
    for (const { filtered, rowByRow, page, database, size } of benches) {
      const shown = await timed(filtered, page);
      if (round >= ROUNDS_ROW_BY_ROW) continue;
      const found = await timed(rowByRow, () => pageRowByRow(contactStore(database.db), pdp, uma));
      if (found !== shown) throw new Error(`of ${size} contacts, ${shown} are shown and ${found} found row by row`);
    }
  }
}

async function timed<T>(times: number[], work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  times.push(performance.now() - began);
  return result;
}

function report(benches: readonly Bench[]): void {
  const base = median(benches[0]?.filtered ?? []);
  console.log(
    "\nA page of 25 contacts, for a user who may see 1% of them; medians of one run, as multiples of the first:\n",
  );
  console.log("| contacts in the table | filter in the query | checked row by row | row by row takes |");
  console.log("| ---: | ---: | ---: | ---: |");
  for (const { size, filtered, rowByRow } of benches) {
    const [fast, slow] = [median(filtered), median(rowByRow)];
    const [a, b, c] = [fast / base, slow / base, slow / fast].map((ratio) => ratio.toFixed(2));
    console.log(`| ${size.toLocaleString("en")} | ${a} | ${b} | ${c} times as long |`);
  }
  console.log(
    `\n1.00 was ${base.toFixed(1)} ms here, from the request to the last byte: one plan, one query, one check.`,
  );
}

/** How PostgreSQL finds the page, for the notes. */
async function explain(url: string, pdp: Pdp): Promise<void> {
  const { filter } = await pdp.plan(uma, "contact", "list");
  const { text, values } = toSql(filter, contactColumns);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    `explain (analyze, costs off, timing off, summary off) select * from contacts where ${text}
      order by lower(last_name), lower(first_name), id limit 26`,
    [...values],
  );
  await client.end();
  console.log(`\nHow PostgreSQL finds the page among ${SIZES.at(-1)?.toLocaleString("en")}:\n`);
  for (const row of rows) console.log(`    ${row["QUERY PLAN"]}`);
}
