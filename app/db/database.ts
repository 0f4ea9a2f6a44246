import { fileURLToPath } from "node:url";
import type { SQL } from "drizzle-orm";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";

/** What queries are written against; the same for embedded and real PostgreSQL. */
export type Db = PgDatabase<PgQueryResultHKT>;

/** An open, migrated database. */
export interface Database {
  readonly db: Db;
  /** Resolves when the database answers, and rejects when it does not. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** How a database is opened. */
export interface OpenOptions {
  /** Whether a database without the app's tables is refused, and nothing created. Default `false`. */
  readonly mustExist?: boolean;
}

/**
 * Runs a statement that drizzle has no builder for.
 *
 * @returns its rows as the driver gives them, by the names of their columns
 */
export async function rowsOf<Row>(db: Db, query: SQL): Promise<Row[]> {
  return ((await db.execute(query)) as unknown as { rows: Row[] }).rows;
}

/** Whether PostgreSQL can store and compare a text: it holds neither NUL nor half a surrogate pair. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/** Drizzle's folder of migrations. */
export const migrationsFolder = fileURLToPath(new URL("./migrations", import.meta.url));
