import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { migratePostgres } from "../../../app/db/migrate.js";
import { directPool } from "../../support/database/direct-pool.js";
import { asOwner, useRole } from "../../support/database/role.js";
import { useTemporaryDatabase, WITHOUT_TABLES } from "../../support/database/temporary-database.js";
import { useFixture } from "../../support/fixture.js";
import { projectPath } from "../../support/paths.js";
import { programArguments } from "../../support/stack/compiled.js";
import { cleanEnvironment } from "../../support/stack/stack.js";
import { oldDump } from "../../support/upgrade/old-database.js";

/** What a role that only reads which migrations have run must be given. */
const readingRights = (role: string) =>
  `grant usage on schema drizzle to ${role}; grant select on drizzle.__drizzle_migrations to ${role}`;

describe("migrating PostgreSQL", function () {
  this.timeout(60_000);
  const database = useTemporaryDatabase(WITHOUT_TABLES);
  const role = useRole(database);
  const pool = useFixture(
    async () => directPool(database.url),
    (opened) => opened.end(),
  );
  const tables = async () =>
    (await pool.query("select relname, relfilenode from pg_class where oid >= 16384 order by oid")).rows;

  it("refuses an empty database in one line when the role may not create tables", async () => {
    await assert.rejects(migratePostgres(role.url), (error: Error) => {
      assert.match(
        error.message,
        /^PostgreSQL at .+, cannot be used: it has no tables of Gatehouse, and the role gatehouse_role_\w+ may not create them \(permission denied for database gatehouse_test_\w+\)\. Run "npm run db:migrate" with the connection string of their owner$/,
      );
      return true;
    });
    assert.deepEqual(await tables(), []);
  });

  it("is done once by processes that start at the same time, and leaves no lock", async () => {
    const run = await Promise.all([1, 2, 3].map(() => migratePostgres(database.url)));
    assert.deepEqual(
      run.toSorted((one, other) => one - other).map((count) => count > 0),
      [false, false, true],
    );
    const { rows } = await pool.query(
      "select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
    );
    assert.deepEqual(rows, []);
  });

  it("needs nothing but to read which migrations have run, where all have", async () => {
    await assert.rejects(
      migratePostgres(role.url),
      /the role gatehouse_role_\w+ may not read which migrations have run: permission denied for schema drizzle\. See docs\/deploy\.md$/,
    );
    await asOwner(database, readingRights(role.name));
    assert.equal(await migratePostgres(role.url), 0);
  });

  it("leaves tables of a newer version as they are, so that the version before can go on during an update", async () => {
    const next = Date.UTC(2100, 0);
    await pool.query("insert into drizzle.__drizzle_migrations (hash, created_at) values ('newer', $1)", [next]);
    const before = await tables();
    assert.equal(await migratePostgres(role.url), 0);
    assert.equal(await migratePostgres(database.url), 0);
    assert.deepEqual(await tables(), before);
  });
});

describe("migrating PostgreSQL from version 0.1", function () {
  this.timeout(60_000);
  const database = useTemporaryDatabase(WITHOUT_TABLES);
  const role = useRole(database);

  before(async () => {
    await asOwner(database, await oldDump());
    await asOwner(database, readingRights(role.name));
  });

  const command = (url: string) =>
    new Promise<{ code: unknown; out: string; err: string }>((resolve) => {
      const env = { ...cleanEnvironment(), NODE_ENV: "production", DATABASE_URL: url };
      execFile(
        process.execPath,
        programArguments("app/db/migrate-command.ts"),
        { cwd: projectPath("."), env },
        (error, out, err) => resolve({ code: error?.code ?? 0, out, err }),
      );
    });

  it("refuses in one line when the role may not change tables", async () => {
    const { code, out, err } = await command(role.url);
    assert.deepEqual([code, out], [1, ""]);
    assert.match(
      err,
      /^PostgreSQL at .+, cannot be used: its tables are of an older version than the app, and the role gatehouse_role_\w+ may not change them \(must be owner of .+\)\. Run "npm run db:migrate" with the connection string of their owner\n$/,
    );
  });

  it("is a command, which needs no other setting than the owner's connection string", async () => {
    const first = await command(database.url);
    assert.deepEqual([first.code, first.err], [0, ""]);
    assert.match(first.out, /^The tables are current now: migrations that have run: [1-9]\d*\.\n$/);
    const second = await command(database.url);
    assert.deepEqual(second, { code: 0, out: "The tables are current.\n", err: "" });
    assert.deepEqual(await command(role.url), second);
  });

  it("is refused without a connection string", async () => {
    const missing = "DATABASE_URL: is missing: it names the PostgreSQL database";
    const expected = `Gatehouse cannot start with these settings:\n  - ${missing}\n`;
    assert.deepEqual(await command(""), { code: 1, out: "", err: expected });
  });
});
