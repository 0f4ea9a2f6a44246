import { fileURLToPath } from "node:url";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";

/** What queries are written against; the same for embedded and real PostgreSQL. */
export type Db = PgDatabase<PgQueryResultHKT>;

/** The part of a connection pool that the session store needs. */
export interface SqlPool {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** An open, migrated database. */
export interface Database {
  readonly db: Db;
  readonly pool: SqlPool;
  /** Resolves when the database answers, and rejects when it does not. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** How a database is opened. */
export interface OpenOptions {
  /** Whether a database without the app's tables is refused, and nothing created. Default `false`. */
  readonly mustExist?: boolean;
}

/** Drizzle's folder of migrations. */
export const migrationsFolder = fileURLToPath(new URL("./migrations", import.meta.url));
