import { type SQL, sql } from "drizzle-orm";
import { type MigrationMeta, readMigrationFiles } from "drizzle-orm/migrator";
import { type Db, migrationsFolder, rowsOf } from "./database.js";

/** Key of the advisory lock: any number, as long as every process of the app uses the same. */
const ADVISORY_LOCK_KEY = 7_264_001;

/** Where Drizzle's own tools keep which migrations have run, so that they can be used beside the app. */
const runs = sql`drizzle.__drizzle_migrations`;

/** The migrations that have not run on a database yet. */
export interface PendingMigrations {
  /** Whether none has run at all. */
  readonly all: boolean;
  readonly migrations: readonly MigrationMeta[];
}

/**
 * Looks up which migrations have not run yet. Migrations that this version of the app does not know do not matter: a newer
 * version keeps the tables so that the one before it can go on.
 */
export async function pendingMigrations(db: Db): Promise<PendingMigrations> {
  const known = readMigrationFiles({ migrationsFolder });
  const tables = sql`pg_catalog.pg_tables where schemaname = 'drizzle' and tablename = '__drizzle_migrations'`;
  if (!(await exists(db, tables))) return { all: true, migrations: known };
  const rows = await rowsOf<{ at: number }>(db, sql`select created_at::float8 as at from ${runs}`);
  const run = new Set(rows.map(({ at }) => at));
  return { all: run.size === 0, migrations: known.filter(({ folderMillis }) => !run.has(folderMillis)) };
}

/**
 * Runs the migrations that have not run yet: all of them or, when one fails, none. Processes that do so at the same time
 * do so one after the other.
 *
 * @returns how many have run
 */
export function runMigrations(db: Db): Promise<number> {
  return db.transaction(
    async (tx) => {
      // Drizzle's own migrator has no place for a lock that ends with its transaction. Behind a pooler, one of a connection
      // would be left to somebody else.
      await tx.execute(sql`select pg_advisory_xact_lock(${ADVISORY_LOCK_KEY})`);
      const { all, migrations } = await pendingMigrations(tx);
      if (all) await createTable(tx);
      for (const { sql: statements, hash, folderMillis } of migrations) {
        for (const statement of statements) await tx.execute(sql.raw(statement));
        await tx.execute(sql`insert into ${runs} (hash, created_at) values (${hash}, ${folderMillis})`);
      }
      return migrations.length;
      // Whatever the database's default is: what was made while this transaction waited has to be seen.
    },
    { isolationLevel: "read committed" },
  );
}

async function createTable(tx: Db): Promise<void> {
  // Who may not create schemas may still use one that is there: `if not exists` asks for the right first.
  const schemas = sql`pg_catalog.pg_namespace where nspname = 'drizzle'`;
  if (!(await exists(tx, schemas))) await tx.execute(sql`create schema drizzle`);
  await tx.execute(
    sql`create table if not exists ${runs} (id serial primary key, hash text not null, created_at bigint)`,
  );
}

/** Not by functions such as `to_regclass`, which may not know yet what was made while this transaction waited for the lock. */
async function exists(db: Db, rows: SQL): Promise<boolean> {
  const [row] = await rowsOf<{ there: boolean }>(db, sql`select exists (select from ${rows}) as there`);
  return row?.there === true;
}
