import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import pg from "pg";
import { contactColumns } from "../app/contacts/columns.js";
import { listQuery, type SortKey, sortKeys } from "../app/contacts/list/query.js";
import { buttons } from "../app/contacts/permissions.js";
import { contactResource } from "../app/contacts/resource.js";
import { type ContactStore, contactStore } from "../app/contacts/store.js";
import type { Db } from "../app/db/database.js";
import { openPostgres } from "../app/db/postgres.js";
import { resolveManagers } from "../app/directory/store/managers.js";
import { peopleAfter, writeReports } from "../app/directory/store/reports.js";
import { cerbos, type Pdp, type Principal } from "../middleware/index.js";
import { toSqlAlternatives } from "../middleware/sql/index.js";
import { startPdp } from "../middleware/testing/index.js";
import { createDatabase } from "../test/support/database/temporary-database.js";
import { median } from "../test/support/load/median.js";
import { projectPath } from "../test/support/paths.js";

/*
 * What the role of managers costs a page of the list: its plan, its query and count, and its checks, by every sort, with the
 * CRM's policies and with the same without that role. 100,000 people own 200,000 contacts; the longest chain of managers has
 * 12 steps. Needs PostgreSQL: set TEST_DATABASE_URL. Takes about two minutes.
 */

const PEOPLE = 100_000;
const CONTACTS = 200_000;
const ROUNDS = Number(process.env.ROUNDS ?? 7);
const PEOPLE_AT_ONCE = 1_000;

/** Of the contacts, one in so many is everyone's; the others are private, or a team's. */
const shapes = { "of which a user sees few": 200, "most of which are everyone's": 0 } as const;

/** Who looks, by how many people report to them. Person n reports to n / 2.6 or so: the top has a chain of 12 below. */
const lookers: readonly {
  readonly name: string;
  readonly reports: readonly [min: number, max: number];
  readonly role: string;
}[] = [
  { name: "nobody reports to", reports: [0, 0], role: "user" },
  { name: "10 or so report to", reports: [8, 14], role: "user" },
  { name: "10,000 or so report to", reports: [6_000, 20_000], role: "user" },
  { name: "an administrator", reports: [0, 0], role: "admin" },
];

const server = process.env.TEST_DATABASE_URL;
if (server) await run(server);
else console.log("Relationships: not measured; set TEST_DATABASE_URL to the address of a PostgreSQL to do so.");

async function run(postgres: string): Promise<void> {
  const withoutRole = await policiesWithoutManagers();
  const config = projectPath("pdp/pdp.yaml");
  const children = await Promise.all(
    [projectPath("policies"), withoutRole].map((policies) => startPdp({ policies, config })),
  );
  const pdps = children.map(({ target }) => cerbos(target, { tls: false }));
  const temporary = await createDatabase(postgres);
  const database = await openPostgres(temporary.url, () => {});
  try {
    await addPeople(database.db);
    for (const [shape, oneIn] of Object.entries(shapes)) {
      await addContacts(temporary.url, oneIn);
      await measure(database.db, shape, pdps as [Pdp, Pdp]);
    }
  } finally {
    for (const pdp of pdps) pdp.close();
    await Promise.all(children.map((child) => child.stop()));
    await database.close();
    await temporary.drop();
    await rm(withoutRole, { recursive: true });
  }
}

async function policiesWithoutManagers(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-policies-"));
  await cp(projectPath("policies"), folder, { recursive: true });
  await rm(join(folder, "tests"), { recursive: true });
  const file = join(folder, "contact.yaml");
  const rules = (await readFile(file, "utf8")).split(/\n(?= {4}- name: )/);
  await writeFile(file, rules.filter((rule) => !rule.includes("derivedRoles: [manager]")).join("\n"));
  return folder;
}

/** Fills the directory, and works out who reports to whom as the end of a first load does. */
async function addPeople(db: Db): Promise<void> {
  await db.execute(
    sql`insert into people (id, status, email, name, department, login, manager_text, manager_key)
      select 'p' || n, 'ACTIVE', 'p' || n || '@example.com', 'Person ' || n, 'Department ' || n % 50, 'p' || n,
        case when n > 0 then 'p' || floor(n / 2.6)::int end, case when n > 0 then 'p' || floor(n / 2.6)::int end
      from generate_series(0, ${PEOPLE}::int - 1) as n`,
  );
  await db.execute(sql`analyze people`);
  const began = performance.now();
  for (const work of [resolveManagers, writeReports]) {
    for (let after: string | undefined = ""; after !== undefined; ) {
      const ids = await peopleAfter(db, after, PEOPLE_AT_ONCE);
      after = ids.at(-1);
      await work(db, ids);
    }
  }
  await db.execute(sql`analyze directory_reports`);
  const { rows } = (await db.execute(
    sql`select count(*)::int as count, max(distance) as depth from directory_reports`,
  )) as unknown as { rows: [{ count: number; depth: number }] };
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `\n${rows[0].count} rows of who reports to whom, ${rows[0].depth} steps deep, were worked out in ${seconds} s.`,
  );
}

/** @param oneIn - one in so many is everyone's; 0: four of five */
async function addContacts(url: string, oneIn: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("truncate contacts");
    await client.query(
      `insert into contacts (first_name, last_name, email, company, title, owner_id, visibility, department)
       select substr(md5(n || 'first'), 1, 8), substr(md5(n || 'last'), 1, 8), 'c' || n || '@example.com', 'Company ' || n % 1000,
         'Title ' || n % 300, 'p' || n % $2::int,
         case when ${oneIn > 0 ? `n % ${oneIn} = 0` : "n % 5 > 0"} then 'everyone' when n % 2 = 0 then 'private' else 'team' end,
         'Department ' || n % 50
       from generate_series(0, $1::int - 1) as n`,
      [CONTACTS, PEOPLE],
    );
    await client.query("vacuum analyze contacts");
  } finally {
    await client.end();
  }
}

async function measure(db: Db, shape: string, [withRole, without]: readonly [Pdp, Pdp]): Promise<void> {
  console.log(
    `\nA page of 25 of ${CONTACTS.toLocaleString("en")} contacts, ${shape}; medians, and with / without the role:\n`,
  );
  console.log(`| | found | ${sortKeys.map((key) => `${key} |`).join(" ")}`);
  console.log(`| --- | ---: | ${sortKeys.map(() => "---: |").join(" ")}`);
  const store = contactStore(db);
  for (const { name, reports, role } of lookers) {
    const user: Principal = { id: await personWith(db, reports), roles: [role], attr: { department: "Department 1" } };
    const cells: string[] = [];
    let total = 0;
    for (const sort of sortKeys) {
      const times: [number[], number[]] = [[], []];
      for (let round = 0; round <= ROUNDS; round++) {
        for (const [n, pdp] of [withRole, without].entries()) {
          const began = performance.now();
          const found = await page(store, pdp, user, sort);
          if (round > 0) times[n as 0 | 1].push(performance.now() - began);
          if (n === 0) total = found;
        }
      }
      const [a, b] = [median(times[0]), median(times[1])];
      cells.push(`${a.toFixed(1)} / ${b.toFixed(1)} = ${(a / b).toFixed(2)}`);
    }
    console.log(`| ${name} | ${total.toLocaleString("en")} | ${cells.join(" | ")} |`);
  }
}

/** A person to whom so many people report. */
async function personWith(db: Db, [min, max]: readonly [number, number]): Promise<string> {
  const { rows } = (await db.execute(
    sql`select id from people left join directory_reports on directory_reports.manager_id = id group by id
      having count(person_id) between ${min} and ${max} order by abs(count(person_id) - ${max}) desc, id limit 1`,
  )) as unknown as { rows: [{ id: string }] };
  return rows[0].id;
}

/** What the list's page asks for. @returns how many contacts are found in all */
async function page(store: ContactStore, pdp: Pdp, user: Principal, sort: SortKey): Promise<number> {
  const { filter } = await pdp.plan(user, "contact", "list");
  if (filter.decision === "denied") throw new Error("the plan denies every row");
  const permitted = toSqlAlternatives(filter, contactColumns);
  const query = listQuery.parse({ sort });
  const { contacts, total } = await store.list(query, permitted);
  const checks = contacts.flatMap((contact) =>
    ["list", ...buttons].map((action) => ({ kind: "contact", resource: contactResource(contact), action })),
  );
  await pdp.check(user, checks);
  return total;
}
