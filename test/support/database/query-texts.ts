import { mock } from "node:test";
import type pg from "pg";
import type { Database } from "../../../app/db/database.js";

/** The texts of the queries that an app in this process makes from now on, outside of transactions. */
export function recordQueryTexts(database: Database): readonly string[] {
  const { $client: pool } = database.db as unknown as { $client: pg.Pool };
  const texts: string[] = [];
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
  mock.method(pool, "query", (...args: unknown[]) => {
    const [config] = args;
    texts.push(typeof config === "string" ? config : (config as pg.QueryConfig).text);
    return query(...args);
  });
  return texts;
}
