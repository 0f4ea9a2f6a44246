import { PGlite } from "@electric-sql/pglite";
import type { Context } from "mocha";
import pg from "pg";
import { type TemporaryDatabase, temporaryDatabase } from "../database/temporary-database.js";
import { AS_JSON, type Contents, type Read } from "./attributes.js";
import type { Rows } from "./rows.js";
import { ddl, quoted, type TableName, tables } from "./tables.js";
import { JSON_NULL } from "./values.js";

/** A database with the tables. */
export interface Database {
  query(text: string, values?: readonly unknown[]): Promise<readonly Read[]>;
  /** Replaces all rows. */
  fill(rows: Rows): Promise<void>;
  /** All rows. */
  contents(): Promise<Contents>;
  close(): Promise<void>;
}

/** The databases that conditions are tried in. Opening skips the test where there is no PostgreSQL. */
export const databases: Readonly<Record<string, (test: Context) => Promise<Database>>> = {
  PGlite: async () => {
    const pglite = await PGlite.create();
    return prepared({
      query: async (text, values) => (await pglite.query<Read>(text, values && [...values])).rows,
      run: async (statements) => void (await pglite.exec(statements)),
      close: () => pglite.close(),
    });
  },
  PostgreSQL: async (test) => openPostgres(await temporaryDatabase(test)),
};

/** @param database - empty; dropped when the result is closed */
export async function openPostgres(database: TemporaryDatabase): Promise<Database> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  return prepared({
    query: async (text, values) => (await client.query<Read>(text, values && [...values])).rows,
    run: async (statements) => void (await client.query(statements)),
    close: async () => {
      await client.end();
      await database.drop();
    },
  });
}

interface Connection extends Pick<Database, "query" | "close"> {
  /** Several statements at once. */
  run(statements: string): Promise<void>;
}

const ODD_SETTINGS = "set time zone 'Asia/Kathmandu'; set intervalstyle = 'iso_8601';";

/** Creates the tables, in a session whose settings are not those that one might expect. */
async function prepared({ query, run, close }: Connection): Promise<Database> {
  const [linguistic] = await query("select 1 from pg_collation where collname = 'en-US-x-icu'");
  await run(ddl(linguistic ? "en-US-x-icu" : "C"));
  await run(ODD_SETTINGS);
  return {
    query,
    close,
    async fill(rows) {
      await run(`truncate ${Object.values(tables).map(({ name }) => quoted(name))};`);
      for (const [name, those] of Object.entries(rows)) {
        const path = quoted(tables[name as TableName].name);
        const columns: Readonly<Record<string, { readonly sql: string }>> = tables[name as TableName].columns;
        await query(`insert into ${path} select * from json_populate_recordset(null::${path}, $1)`, [
          JSON.stringify(those),
        ]);
        for (const [column, { sql }] of Object.entries(columns)) {
          if (sql !== "jsonb") continue;
          await query(`update ${path} set ${quoted(column)} = 'null' where ${quoted(column)} = $1`, [
            JSON.stringify(JSON_NULL),
          ]);
        }
      }
    },
    async contents() {
      const read = new Map<string, readonly Read[]>();
      await run("set time zone 'UTC'"); // PGlite's driver cannot read the offsets of long ago
      for (const { name } of Object.values(tables)) {
        const sql = `select *, to_jsonb(t) as "${AS_JSON}" from ${quoted(name)} t order by id collate "C"`;
        read.set(quoted(name), await query(sql));
      }
      await run(ODD_SETTINGS);
      return read;
    },
  };
}
