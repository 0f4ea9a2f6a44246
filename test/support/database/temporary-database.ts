import { randomBytes } from "node:crypto";
import type { Context } from "mocha";
import pg from "pg";
import { migratePostgres } from "../../../app/db/migrate.js";
import { afterAllTests } from "../cleanup.js";
import { useFixture } from "../fixture.js";

/** A database of a test's or benchmark's own. */
export interface TemporaryDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Options of `create database` for one without the app's tables. */
export const WITHOUT_TABLES = "template template0";

/**
 * The address of a real PostgreSQL. Without `TEST_DATABASE_URL` the calling test or suite is skipped; in CI, which must not
 * skip anything, it fails.
 */
export function postgresServer(test: Context): string {
  const server = process.env.TEST_DATABASE_URL;
  if (server) return server;
  if (process.env.CI) throw new Error("CI must set TEST_DATABASE_URL");
  return test.skip();
}

/**
 * Creates a database there; see {@link postgresServer}.
 *
 * @param options - of `create database`, such as `template template0 encoding 'LATIN1'`; default: it has the app's tables,
 *   without rows
 */
export async function temporaryDatabase(test: Context, options?: string): Promise<TemporaryDatabase> {
  const server = postgresServer(test);
  return createDatabase(server, options ?? `template ${await migratedTemplate(server)}`);
}

let template: Promise<string> | undefined;

/** The name of a database with the app's tables: to copy it takes a tenth of the time that the migrations take. */
function migratedTemplate(server: string): Promise<string> {
  template ??= createDatabase(server).then(async ({ url, drop }) => {
    afterAllTests(drop);
    await migratePostgres(url);
    return new URL(url).pathname.slice(1);
  });
  return template;
}

/** A database of any engine. */
export interface AnyDatabase {
  /** The app's settings for it. */
  readonly env: NodeJS.ProcessEnv;
  drop(): Promise<void>;
}

/**
 * A database for tests to which the engine does not matter: PostgreSQL where there is one, as it starts sooner; else the
 * embedded one.
 */
export async function anyDatabase(test: Context): Promise<AnyDatabase> {
  if (!process.env.TEST_DATABASE_URL) return { env: {}, drop: async () => {} };
  const database = await temporaryDatabase(test);
  return { env: { DATABASE_URL: database.url }, drop: database.drop };
}

/** Gives the suite that calls this a database on real PostgreSQL; see {@link temporaryDatabase}. */
export function useTemporaryDatabase(options?: string): TemporaryDatabase {
  return useFixture(
    (test) => temporaryDatabase(test, options),
    (database) => database.drop(),
  );
}

/** Gives the suite that calls this a database; see {@link anyDatabase}. */
export function useAnyDatabase(): AnyDatabase {
  return useFixture(anyDatabase, (database) => database.drop());
}

/**
 * Creates an empty database.
 *
 * @param server - connection string of any database there
 * @param options - of `create database`
 */
export async function createDatabase(server: string, options = ""): Promise<TemporaryDatabase> {
  const name = `gatehouse_test_${randomBytes(6).toString("hex")}`;
  await asAdmin(server, `create database ${name} ${options}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asAdmin(server, `drop database if exists ${name} with (force)`) };
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
