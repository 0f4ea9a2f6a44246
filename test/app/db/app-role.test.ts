import assert from "node:assert/strict";
import { mock } from "node:test";
import { pino } from "pino";
import { Sealer } from "../../../app/audit/seal/sealer.js";
import { verify } from "../../../app/audit/seal/verify.js";
import { addSampleRecords, sealLog } from "../../support/audit/sample-log.js";
import { grants, useAppRole } from "../../support/database/app-role.js";
import { directPool } from "../../support/database/direct-pool.js";
import { asOwner } from "../../support/database/role.js";
import { useOpened } from "../../support/database/suites.js";
import { useTemporaryDatabase } from "../../support/database/temporary-database.js";
import { useFixture } from "../../support/fixture.js";

const DAY_MS = 24 * 60 * 60 * 1000;
const ALL = "SELECT INSERT UPDATE DELETE";
/** The rights on tables that the role may not do everything with. */
const RESTRICTED: Readonly<Record<string, string>> = {
  "public.decisions": "SELECT INSERT",
  "public.seals": "SELECT INSERT",
  "public.decision_retention": "SELECT",
  "drizzle.__drizzle_migrations": "SELECT",
};

describe("the role of the app that the documentation describes", function () {
  this.timeout(120_000);
  const database = useTemporaryDatabase();
  const role = useAppRole(database);
  const db = useOpened(role);
  const pool = useFixture(
    async () => directPool(role.url),
    (opened) => opened.end(),
  );
  /** The message of the database's error; "" when there is none. */
  const refusal = (statement: string) =>
    pool.query(statement).then(
      () => "",
      (error: Error) => error.message,
    );
  const keep = (days: string) => asOwner(database, `update decision_retention set minimum_days = ${days}`);

  async function rights(): Promise<Readonly<Record<string, string>>> {
    const { rows } = await pool.query(
      `select schemaname || '.' || tablename as name, string_agg(right_, ' ' order by n) as rights
       from pg_tables cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
         with ordinality as r(right_, n)
       where schemaname not in ('pg_catalog', 'information_schema')
         and has_table_privilege(format('%I.%I', schemaname, tablename), right_)
       group by 1`,
    );
    return Object.fromEntries(rows.map(({ name, rights }) => [name, rights]));
  }

  it("has the rights that the app needs on every table, and no others", async () => {
    const { rows } = await pool.query(
      "select schemaname || '.' || tablename as name from pg_tables where schemaname in ('public', 'drizzle')",
    );
    const expected = Object.fromEntries(rows.map(({ name }) => [name, RESTRICTED[name] ?? ALL]));
    assert.deepEqual(await rights(), expected);
    for (const name of Object.keys(RESTRICTED)) assert(name in expected, name);
  });

  it("has them on tables of later migrations too, and the statements can be run again", async () => {
    await asOwner(database, "create table later (id int)");
    try {
      assert.equal((await rights())["public.later"], ALL);
      await asOwner(database, await grants(role.name));
      assert.equal((await rights())["public.decisions"], "SELECT INSERT");
    } finally {
      await asOwner(database, "drop table later");
    }
  });

  it("may take the next numbers of sequences, later ones too, and not set them back", async () => {
    await asOwner(database, "create sequence later");
    try {
      for (const name of ["okta_reads", "directory_inbox_ring_seq", "later"]) {
        assert.equal(await refusal(`select nextval('${name}')`), "");
        assert.match(await refusal(`select setval('${name}', 1)`), /permission denied/);
      }
    } finally {
      await asOwner(database, "drop sequence later");
    }
  });

  it("may not rewrite or delete records and seals, nor change tables or the retention", async () => {
    await addSampleRecords(db, 3);
    await sealLog(db);
    for (const statement of [
      "update decisions set record = '{}'",
      "update seals set content = '{}'",
      "delete from decisions",
      "delete from seals",
      "truncate decisions",
      "truncate seals",
      "insert into seals select * from seals on conflict (number) do update set content = ''",
      "update decision_retention set minimum_days = 0",
      "delete from decision_retention",
      "insert into decision_retention (minimum_days) values (0)",
    ]) {
      assert.match(await refusal(statement), /^permission denied for table \w+$/, statement);
    }
    for (const statement of [
      "drop table decisions",
      "alter table decisions add column x int",
      "alter table seals disable trigger all",
      "create index on seals (hash)",
      "create or replace function expire_decisions(last_seal bigint, places bigint[]) returns void language sql as ''",
    ]) {
      assert.match(await refusal(statement), /^must be owner of |^permission denied for schema public$/, statement);
    }
    assert.equal(await refusal("create table mine (id int)"), "permission denied for schema public");
    assert.deepEqual((await verify(db)).findings, []);
  });

  it("cannot have deleted what is younger than the owner's retention, whatever it passes, inserts or shadows", async () => {
    const counts = async () =>
      (
        await pool.query(
          "select (select count(*)::int from decisions) as records, (select count(*)::int from seals) as seals",
        )
      ).rows[0];
    const before = await counts();
    const client = await pool.connect();
    try {
      await client.query('create temporary table decision_retention as select 1 as "only", 0::float8 as minimum_days');
      await client.query("set search_path = pg_temp, public");
      const all = "(select array_agg(seq) from public.decisions)";
      await client.query(`select public.expire_decisions(9223372036854775807, ${all})`);
    } finally {
      client.release(true);
    }
    assert.deepEqual(await counts(), before);
  });

  describe("sealing and expiry", () => {
    before(() => mock.timers.enable({ apis: ["Date"], now: Date.now() }));
    after(() => mock.timers.reset());

    it("seals, and deletes what is older than both retentions", async () => {
      const now = Date.now();
      await asOwner(database, "truncate decisions, decisions_unsealed, seals, seal_head, decision_counts");
      for (const days of [400, 370, 364, 10, 0]) {
        mock.timers.setTime(now - days * DAY_MS);
        await addSampleRecords(db, 5, { time: new Date().toISOString() });
        await sealLog(db);
      }
      await sealLog(db, 5);
      const { findings, sealed, seals } = await verify(db, { retentionDays: 5 });
      assert.deepEqual({ findings, sealed, seals }, { findings: [], sealed: 15, seals: 4 });
      // The owner keeps less than the app.
      await keep("5");
      await sealLog(db, 380);
      assert.equal((await verify(db, { retentionDays: 5 })).sealed, 15);
      await sealLog(db, 5);
      const after = await verify(db, { retentionDays: 5 });
      assert.deepEqual([after.findings, after.sealed], [[], 5]);
    });

    it("goes on sealing, deletes nothing and tells once, where the owner has set no retention", async () => {
      await asOwner(database, "delete from decision_retention");
      await addSampleRecords(db, 5);
      const lines: string[] = [];
      const logger = pino({ level: "warn" }, { write: (line: string) => lines.push(JSON.parse(line).msg) });
      const sealer = new Sealer(db, logger, 1e-6);
      await sealer.sealAll();
      await sealer.sealAll();
      assert.deepEqual(lines, [
        "no decision is deleted for its age: the owner of the tables has set no retention, and the role of the app may not delete records",
      ]);
      const { sealed, unsealed } = await verify(db, { retentionDays: 5 });
      assert.deepEqual([sealed, unsealed], [10, 0]);
      assert.equal(
        await refusal("select expire_decisions(1000, '{}')"),
        "the owner of the tables has set no retention",
      );
    });
  });
});
