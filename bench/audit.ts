import { type Verification, verify } from "../app/audit/seal/verify.js";
import type { Database } from "../app/db/database.js";
import { openPostgres } from "../app/db/postgres.js";
import { growDecisions } from "../test/support/audit/grow-decisions.js";
import { createDatabase } from "../test/support/database/temporary-database.js";
import { median } from "../test/support/load/median.js";
import { type CrmProcess, startCrm } from "./crm-process.js";

/*
 * A decision log of a million records: what its page takes compared with one of a thousand, what an export takes, in
 * time and memory, and what `audit:verify` finds. Needs PostgreSQL: set TEST_DATABASE_URL. Takes a quarter of an hour, and
 * 2 GB of disk.
 */

const SMALL = 1_000;
const LARGE = Number(process.env.DECISIONS ?? 1_000_000);
const ROUNDS = 40;
const NEWLINE = 10;
const CONTACTS_PER_STATEMENT = 10_000;

const server = process.env.TEST_DATABASE_URL;
if (!server) {
  console.log("A large decision log: not measured; set TEST_DATABASE_URL to the address of a PostgreSQL to do so.");
  process.exit();
}

const small = await createDatabase(server);
const large = await createDatabase(server);
try {
  for (const [{ url }, size] of [
    [small, SMALL],
    [large, LARGE],
  ] as const) {
    await using(url, async (database) => {
      await growDecisions(database.db, size);
      await nameContacts(database, size);
    });
  }
  const crms = { small: await startCrm(small.url), large: await startCrm(large.url) };
  try {
    await pages(crms);
    await exports(crms.large);
  } finally {
    await Promise.all([crms.small.stop(), crms.large.stop()]);
  }
  await using(large.url, tampering);
} finally {
  await Promise.all([small.drop(), large.drop()]);
}

/** Gives the contacts of the log names, deletes one in ten of them, and adds others. @param size - how many contacts */
async function nameContacts({ db }: Database, size: number): Promise<void> {
  const insert = (ids: string) =>
    db.execute(`insert into contacts (id, first_name, last_name, owner_id)
      select id, 'First' || n % 5000, 'Last' || n, '00u1' from (${ids}) as numbered`);
  await insert(`select id::uuid, row_number() over (order by id) as n from (
    select distinct resource_id as id from decisions where resource_id ~ '^[0-9a-f]{8}-') as ids`);
  await db.execute("delete from contacts where substr(last_name, 5)::int % 10 = 7");
  for (let n = Math.ceil(size / 100); n < size; n += CONTACTS_PER_STATEMENT) {
    await insert(
      `select gen_random_uuid() as id, n from generate_series(${n + 1}, ${Math.min(size, n + CONTACTS_PER_STATEMENT)}) as n`,
    );
  }
  await db.execute("analyze");
}

async function using(url: string, work: (database: Database) => Promise<void>): Promise<void> {
  const database = await openPostgres(url, () => {});
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

/** The page's time at both sizes, in turns. */
async function pages(crms: { small: CrmProcess; large: CrmProcess }): Promise<void> {
  const day = new Date(Date.now() - 10 * 24 * 60 * 60 * 1000).toISOString().slice(0, 16);
  const searches = [
    ...["?contact=last17", "?contact=first17+last17", "?contact=nobody-has-this-name", "?outcome=refused"],
    ...["?outcome=unchanged", "?action=edit&outcome=viewed", "?period=yesterday", "?period=last-30-days"],
    ...["", "?effect=deny", "?action=delete", "?person=00u13", `?to=${day}`, "?person=00u13&effect=deny"],
  ];
  console.log(`The audit page, medians of ${ROUNDS} rounds in turns.\n`);
  console.log(`| search | ${SMALL} records, ms | ${LARGE} records, ms | ratio (wanted: at most 2) |`);
  console.log("| --- | ---: | ---: | ---: |");
  for (const search of searches) {
    const times: { small: number; large: number }[] = [];
    for (let n = 0; n < ROUNDS + 5; n += 1) {
      times.push({ small: await page(crms.small, search), large: await page(crms.large, search) });
    }
    const counted = times.slice(5);
    const typical = (size: "small" | "large") => median(counted.map((time) => time[size]));
    const ratio = (typical("large") / typical("small")).toFixed(2);
    const name = search === "" ? "none" : `\`${search.slice(1)}\``;
    console.log(`| ${name} | ${typical("small").toFixed(1)} | ${typical("large").toFixed(1)} | ${ratio} |`);
  }
}

async function page({ url, auditor }: CrmProcess, search: string): Promise<number> {
  const start = performance.now();
  const response = await fetch(`${url}/audit${search}`, {
    headers: { authorization: `Bearer ${auditor}`, accept: "text/html" },
  });
  await response.text();
  if (response.status !== 200) throw new Error(`/audit${search} was answered with ${response.status}`);
  return performance.now() - start;
}

/** What an export of everything takes with the checks of what it sends, compared with one without. */
async function exports(crm: CrmProcess): Promise<void> {
  console.log(`\nExport of ${LARGE} records.\n`);
  console.log("| format | unchecked, s | checked, s | ratio | memory of each, MiB |");
  console.log("| --- | ---: | ---: | ---: | --- |");
  for (const format of ["ndjson", "csv"]) {
    const unchecked = await exportOf(crm, crm.urlWithoutChecks, format);
    const checked = await exportOf(crm, crm.url, format);
    const seconds = [unchecked, checked].map((each) => each.seconds.toFixed(0)).join(" | ");
    const grown = [unchecked, checked].map((each) => (each.grown / 1024 ** 2).toFixed(0)).join(", ");
    console.log(`| ${format} | ${seconds} | ${(checked.seconds / unchecked.seconds).toFixed(2)} | ${grown} |`);
  }
}

interface Export {
  readonly seconds: number;
  /** What it added to the memory of the process at most, in bytes. */
  readonly grown: number;
}

async function exportOf(crm: CrmProcess, url: string, format: string): Promise<Export> {
  const before = await crm.memory();
  let most = before;
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      most = Math.max(most, await crm.memory());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const start = performance.now();
  const response = await fetch(`${url}/audit/export?format=${format}`, {
    headers: { authorization: `Bearer ${crm.auditor}` },
  });
  let count = 0;
  for await (const chunk of response.body ?? []) for (const byte of chunk) if (byte === NEWLINE) count += 1;
  const seconds = (performance.now() - start) / 1000;
  isOver = true;
  await watch;
  if (count < LARGE) throw new Error(`an export had ${count} lines`);
  return { seconds, grown: most - before };
}

/** What a verification finds after each kind of tampering. */
async function tampering({ db }: Database): Promise<void> {
  const middle = Math.floor(LARGE / 2);
  const columns = "id, time, principal_id, kind, resource_id, action, effect, record";
  const run = async (statements: readonly string[]) => {
    for (const statement of statements) await db.execute(statement);
  };
  const keep = (condition: string) => [
    "drop table if exists kept",
    `create table kept as select * from decisions where ${condition}`,
  ];
  const restore = (condition: string) => [
    `delete from decisions where ${condition}`,
    `insert into decisions (seq, ${columns}) overriding system value select seq, ${columns} from kept`,
  ];
  const one = `seq = ${middle}`;
  const two = `seq in (${middle}, ${middle + 1500})`;
  const cases: Record<string, { before?: string[]; tamper: string[]; undo: string[] }> = {
    "one byte changed": {
      before: keep(one),
      tamper: [`update decisions set record = overlay(record placing 'X' from 20 for 1) where ${one}`],
      undo: restore(one),
    },
    "one row deleted": { before: keep(one), tamper: [`delete from decisions where ${one}`], undo: restore(one) },
    "two rows swapped": {
      before: keep(two),
      tamper: [
        `delete from decisions where ${two}`,
        `insert into decisions (seq, ${columns}) overriding system value select ${2 * middle + 1500} - seq, ${columns} from kept`,
      ],
      undo: restore(two),
    },
    "one row inserted": {
      tamper: [
        `insert into decisions (${columns}) select 'inserted', ${columns.replace("id, ", "").replace("record", "replace(record, id, 'inserted')")} from decisions where ${one}`,
      ],
      undo: ["delete from decisions where id = 'inserted'"],
    },
    "last seal removed": {
      before: ["create table kept_seals as select * from seals order by number desc limit 1"],
      tamper: ["delete from seals where number = (select max(number) from seals)"],
      undo: ["insert into seals select * from kept_seals"],
    },
  };
  console.log("\naudit:verify:");
  await found("nothing", () => verify(db));
  for (const [name, { before = [], tamper, undo }] of Object.entries(cases)) {
    await run([...before, ...tamper]);
    await found(name, () => verify(db));
    await run(undo);
  }
}

async function found(name: string, run: () => Promise<Verification>): Promise<void> {
  const start = performance.now();
  const { findings, sealed, found } = await run();
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const [first] = findings;
  const what = first
    ? `${found} found, first: ${first.what}: ${first.detail}`
    : `nothing found, ${sealed} records sealed`;
  console.log(`- after ${name} (${seconds} s): ${what}`);
}
