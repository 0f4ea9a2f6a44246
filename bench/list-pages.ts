import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { sortKeys } from "../app/contacts/list/query.js";
import { contactListRoutes } from "../app/contacts/list/routes.js";
import { contactStore } from "../app/contacts/store.js";
import type { Database } from "../app/db/database.js";
import { openPostgres } from "../app/db/postgres.js";
import { openEmbedded } from "../app/demo/database/embedded.js";
import { peopleStore } from "../app/directory/people.js";
import { authorization, cerbos, type Pdp, type Principal } from "../middleware/index.js";
import { startPdp } from "../middleware/testing/index.js";
import { createDatabase } from "../test/support/database/temporary-database.js";
import { median } from "../test/support/load/median.js";
import { projectPath } from "../test/support/paths.js";
import { type Client, grow, withClient } from "./contacts.js";

/*
 * What the first page of 25 contacts takes, as JSON, by every sort, view and filter and by ten searches, for three kinds of
 * people, among 1,000 contacts and among 1,000,000; the hundredth page among 1,000,000; and the slowest pages in the embedded database
 * with 20,000. Needs PostgreSQL: set TEST_DATABASE_URL. Takes about six minutes.
 */

const SIZES = [1_000, 1_000_000] as const;
const EMBEDDED_SIZE = 20_000;
const ROUNDS = 9;
const LONG_MS = 300;

const people: Readonly<Record<string, Principal>> = {
  "an administrator, who sees all": { id: "boss", roles: ["admin"] },
  "a user who sees 1%": { id: "uma", roles: ["user"], attr: { department: "Sales" } },
  "a user who sees ten": { id: "ten", roles: ["user"], attr: { department: "None" } },
};

const searches: Readonly<Record<string, string>> = {
  frequent: "example",
  "one in 5,000": "company 77 c1",
  rare: "c99999@",
  none: "zzqqx",
  "two words": "company example",
  digits: "555",
  accents: "Çömpany",
  "one letter": "a",
  "a letter that one in 5,000 has": "ю",
  "two letters that none has": "zq",
};

/** One in 1,000 contacts is of a company, and of an owner; one in 256 has a tag. */
const filters: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "view: mine": { view: "mine" },
  "view: shared": { view: "shared" },
  "view: team": { view: "team" },
  "view: unowned": { view: "unowned" },
  "of an owner": { owner: "user-7" },
  "of a company": { company: "company 77" },
  "with a tag": { tag: "tag 7" },
  "with a tag, last changed first": { tag: "tag 7", sort: "-updated" },
  "changed in the last day": { changedSince: "1d" },
};

const queries = [
  ...sortKeys.flatMap((key) => [key, `-${key}`]).map((sort) => ({ name: `sorted by ${sort}`, query: { sort } })),
  ...Object.entries(filters).map(([name, query]) => ({ name, query })),
  ...Object.entries(searches).map(([name, q]) => ({ name: `searched: ${name}`, query: { q } })),
];

interface Table {
  readonly urls: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

const server = process.env.TEST_DATABASE_URL;
if (server) await run(server);
else console.log("Pages of lists: not measured; set TEST_DATABASE_URL to the address of a PostgreSQL to do so.");

async function run(postgres: string): Promise<void> {
  const child = await startPdp({ policies: projectPath("policies"), config: projectPath("pdp/pdp.yaml") });
  const pdp = cerbos(child.target, { tls: false });
  const tables: Table[] = [];
  try {
    for (const size of SIZES) tables.push(await prepare(postgres, pdp, size));
    await measure(tables as [Table, Table]);
    await measureFarPages(tables.at(-1) as Table);
    tables.push(await prepareEmbedded(pdp));
    await measureEmbedded(tables.at(-1) as Table);
  } finally {
    for (const { close } of tables) await close();
    pdp.close();
    await child.stop();
  }
}

async function prepare(postgres: string, pdp: Pdp, size: number): Promise<Table> {
  const temporary = await createDatabase(postgres);
  const database = await openPostgres(temporary.url, () => {});
  await withClient(temporary.url, (client) => fill(client, size));
  return serve(pdp, database, temporary.drop);
}

async function prepareEmbedded(pdp: Pdp): Promise<Table> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-bench-"));
  const database = await openEmbedded(folder);
  await fill((database.db as unknown as { $client: Client }).$client, EMBEDDED_SIZE);
  return serve(pdp, database, () => rm(folder, { recursive: true }));
}

/** The lists of a database, each person's at an address of its own. */
async function serve(pdp: Pdp, { db, close }: Database, drop: () => Promise<void>): Promise<Table> {
  const listening = await Promise.all(
    Object.entries(people).map(async ([name, principal]) => {
      const app = express();
      app.use(
        authorization({ pdp, principal: () => principal }),
        contactListRoutes(db, contactStore(db), peopleStore(db)),
      );
      const http = createServer(app).listen(0, "127.0.0.1");
      await once(http, "listening");
      return { name, http, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/contacts` };
    }),
  );
  return {
    urls: Object.fromEntries(listening.map(({ name, url }) => [name, url])),
    async close() {
      for (const { http } of listening) http.close().closeAllConnections();
      await close();
      await drop();
    },
  };
}

/** Nothing is everyone's, so that one user sees ten contacts. */
async function fill(client: Client, size: number): Promise<void> {
  await grow(client, size, "uma");
  await client.query("update contacts set visibility = 'team', department = 'Sales' where visibility = 'everyone'");
  await client.query("update contacts set owner_id = 'ten' where id in (select id from contacts order by id limit 10)");
  await client.query(
    `update contacts set tags = array['tag ' || (hashtext(id::text) & 255)],
       title = case when hashtext(id::text) % 5000 = 0 then 'Юлия' else title end`,
  );
  await client.query("vacuum analyze contacts");
}

/**
 * In turns, so that other work of the machine affects both tables alike. Where fewer contacts are found among 1,000 than a page
 * has, a page of as many is measured among 1,000,000, too: what the PDP is asked about is the same then.
 */
async function measure(tables: readonly [Table, Table]): Promise<void> {
  console.log(
    "\nThe first page of 25; medians in ms among 1,000,000 and 1,000 contacts, and how many times as long (a page of as many):\n",
  );
  console.log(`| | ${Object.keys(people).join(" | ")} |\n| --- | ${"---: | ".repeat(3)}`);
  const long: string[] = [];
  for (const { name, query } of queries) {
    const cells: string[] = [];
    for (const person of Object.keys(people)) {
      const [few, many] = tables.map(({ urls }) => `${urls[person]}?${new URLSearchParams(query)}`) as [string, string];
      const found = (await get(few)).contacts.length;
      const urls = [few, many, ...(found > 0 && found < 25 ? [`${many}&limit=${found}`] : [])];
      const times: number[][] = urls.map(() => []);
      for (let round = 0; round <= ROUNDS; round++) {
        for (const [n, url] of urls.entries()) {
          const began = performance.now();
          await get(url);
          if (round > 0) times[n]?.push(performance.now() - began);
        }
      }
      const [small = 0, large = 0, asMany] = times.map((taken) => median(taken));
      const same = asMany === undefined ? "" : ` (${(asMany / small).toFixed(2)})`;
      cells.push(`${large.toFixed(1)} / ${small.toFixed(1)} = ${(large / small).toFixed(2)}${same}`);
      if (Math.max(...(times[1] ?? [])) > LONG_MS) long.push(`${name}, for ${person}`);
    }
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
  console.log(`\nLonger than ${LONG_MS} ms, at least once: ${long.join("; ") || "none"}.`);
}

/** Page 100 by each sort, for who sees enough for it, as a multiple of page 1. */
async function measureFarPages({ urls }: Table): Promise<void> {
  const [all = "", some = ""] = Object.keys(people);
  console.log(`\n| page 100, as multiples of page 1 | ${all} | ${some} |\n| --- | ---: | ---: |`);
  for (const sort of sortKeys) {
    const cells: string[] = [];
    for (const person of [all, some]) {
      const first = `${urls[person]}?sort=${sort}`;
      let far = first;
      for (let page = 1; page < 100; page++) far = `${first}&after=${(await get(far)).next}`;
      const times: Record<string, number[]> = { [first]: [], [far]: [] };
      for (let round = 0; round <= ROUNDS; round++) {
        for (const [url, taken] of Object.entries(times)) {
          const began = performance.now();
          await get(url);
          if (round > 0) taken.push(performance.now() - began);
        }
      }
      cells.push((median(times[far] ?? []) / median(times[first] ?? [])).toFixed(2));
    }
    console.log(`| ${sort} | ${cells.join(" | ")} |`);
  }
}

/** The slowest pages in the embedded database, of each list and each person. */
async function measureEmbedded({ urls }: Table): Promise<void> {
  const taken: { readonly what: string; readonly ms: number }[] = [];
  for (const { name, query } of queries) {
    for (const [person, url] of Object.entries(urls)) {
      for (let round = 0; round <= ROUNDS; round++) {
        const began = performance.now();
        await get(`${url}?${new URLSearchParams(query)}`);
        if (round > 0) taken.push({ what: `${name}, for ${person}`, ms: performance.now() - began });
      }
    }
  }
  const slowest = taken.toSorted((one, other) => other.ms - one.ms).slice(0, 3);
  console.log(`\nIn the embedded database with ${EMBEDDED_SIZE} contacts, the slowest of ${taken.length} pages:\n`);
  for (const { what, ms } of slowest) console.log(`- ${ms.toFixed(0)} ms: ${what}`);
}

async function get(url: string): Promise<{ contacts: unknown[]; next: string | null }> {
  const answer = await fetch(url, { headers: { accept: "application/json" } });
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status}`);
  return (await answer.json()) as { contacts: unknown[]; next: string | null };
}
