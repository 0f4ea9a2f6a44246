import pg from "pg";

/**
 * Connections of a test to the app's database, to see what is stored whatever happens to the app. Their errors are
 * ignored: a test ends connections, and drops the database.
 */
export function directPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on("error", () => {});
  return pool;
}
