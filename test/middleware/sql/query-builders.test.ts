import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as prisma from "@prisma/client-runtime-utils";
import { and, asc, sql as drizzleSql, like, not } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { boolean, integer, pgTable, text as textColumn } from "drizzle-orm/pg-core";
import knex from "knex";
import { Kysely, sql as kyselySql, PostgresDialect } from "kysely";
import pg from "pg";
import type { Filter, Pdp } from "../../../middleware/index.js";
import {
  type Columns,
  type SqlCondition,
  type SqlOptions,
  toDrizzle,
  toKnex,
  toKysely,
  toPrisma,
  toSql,
} from "../../../middleware/sql/index.js";
import { condition } from "../../support/database/condition.js";
import { useTemporaryDatabase, WITHOUT_TABLES } from "../../support/database/temporary-database.js";
import { useFixture } from "../../support/fixture.js";
import { writePageSamples } from "../../support/middleware/documentation.js";
import { attribute, call, literal } from "../../support/middleware/expressions.js";
import { projectPath } from "../../support/paths.js";
import { usePdp } from "../../support/pdp/real-pdp.js";
import { useTemporaryFolder } from "../../support/temporary-folder.js";

const mapping: SqlOptions = {
  table: "notes",
  columns: {
    ownerId: { type: "string", column: "owner_id" },
    published: { type: "boolean", column: "published", nulls: "never" },
    "words? $1": { type: "number", column: "words? $1" },
    readers: {
      ...{ type: "rows", table: "note_readers", key: "note_id", references: "id", nulls: "never" },
      element: { type: "string", column: "user_id", nulls: "never" },
    },
  },
};

const ddl = `
  CREATE TABLE notes (id integer PRIMARY KEY, title text NOT NULL, owner_id text, published boolean NOT NULL, "words? $1" integer);
  CREATE TABLE note_readers (note_id integer NOT NULL REFERENCES notes, user_id text NOT NULL);
  INSERT INTO notes VALUES
    (1, 'a of uma', 'uma', false, 10), (2, 'a of omar, published', 'omar', true, 20), (3, 'b of omar', 'omar', false, 30),
    (4, 'b of omar, for uma', 'omar', false, NULL), (5, 'b of o''dd', $$o'dd") -- ? \\? $1$$, false, 50),
    (6, 'b of nobody', NULL, false, NULL), (7, 'c of nobody, published', NULL, true, 70), (8, 'b of uma', 'uma', false, 80);
  INSERT INTO note_readers VALUES (4, 'uma'), (4, 'ann'), (6, 'ann');
`;
const people = ["uma", "omar", "ann", "nina", `o'dd") -- ? \\? $1`];

/** What `prisma generate` writes for an app; its raw SQL is the real one. */
const prismaClient = `import * as Prisma from "@prisma/client-runtime-utils";
export { Prisma };
export declare class PrismaClient {
  $queryRaw<T>(query: TemplateStringsArray | Prisma.Sql, ...values: readonly unknown[]): Promise<T>;
}
`;

const notes = pgTable("notes", {
  id: integer().primaryKey(),
  title: textColumn().notNull(),
  ownerId: textColumn("owner_id"),
  published: boolean().notNull(),
});

interface Tables {
  notes: { id: number; title: string; owner_id: string | null; published: boolean };
}

/** A list of an app's own, with its own search, order and limit; and the rows for which a condition is false. */
interface Builder {
  list(condition: (firstPlaceholder: number) => SqlCondition, begins: string, limit: number): Promise<{ id: number }[]>;
  except(condition: SqlCondition): Promise<{ id: number }[]>;
}

describe("conditions in people's own query builders", function () {
  this.timeout(30_000);
  let pdp: Pdp;
  usePdp("test/support/middleware/policies", (opened) => {
    pdp = opened;
  });
  const database = useTemporaryDatabase(WITHOUT_TABLES);
  const pool = useFixture(
    async () => {
      const opened = new pg.Pool({ connectionString: database.url });
      await opened.query(ddl);
      return opened;
    },
    (opened) => opened.end(),
  );

  let knexDb: knex.Knex;
  before(() => {
    knexDb = knex({ client: "pg", connection: database.url });
  });
  after(() => knexDb?.destroy());

  const builders: Readonly<Record<string, () => Builder>> = {
    pg: () => ({
      async list(permitted, begins, limit) {
        const { text, values } = permitted(2);
        const query = `SELECT id FROM notes WHERE title LIKE $1 AND (${text}) ORDER BY title LIMIT $${values.length + 2}`;
        return (await pool.query(query, [`${begins}%`, ...values, limit])).rows;
      },
      except: async ({ text, values }) =>
        (await pool.query(`SELECT id FROM notes WHERE NOT (${text}) ORDER BY id`, [...values])).rows,
    }),
    Drizzle: () => {
      const db = drizzle({ client: pool as pg.Pool });
      const select = () => db.select({ id: notes.id }).from(notes).$dynamic();
      return {
        list: (permitted, begins, limit) =>
          select()
            .where(and(like(notes.title, `${begins}%`), toDrizzle(permitted(1), drizzleSql)))
            .orderBy(asc(notes.title))
            .limit(limit),
        except: (permitted) =>
          select()
            .where(not(toDrizzle(permitted, drizzleSql)))
            .orderBy(notes.id),
      };
    },
    Knex: () => {
      const select = () => knexDb<Tables["notes"]>("notes").select("id");
      return {
        list: async (permitted, begins, limit) =>
          select()
            .whereLike("title", `${begins}%`)
            .where(toKnex(permitted(1), knexDb))
            .orderBy("title")
            .limit(limit),
        except: async (permitted) => select().whereNot(toKnex(permitted, knexDb)).orderBy("id"),
      };
    },
    Kysely: () => {
      const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as pg.Pool }) });
      const select = () => db.selectFrom("notes").select("id");
      return {
        list: (permitted, begins, limit) =>
          select()
            .where("title", "like", `${begins}%`)
            .where(toKysely(permitted(1), kyselySql))
            .orderBy("title")
            .limit(limit)
            .execute(),
        except: (permitted) =>
          select()
            .where((eb) => eb.not(toKysely(permitted, kyselySql)))
            .orderBy("id")
            .execute(),
      };
    },
    "Prisma's raw SQL": () => {
      // As Prisma's driver for pg sends it.
      const queryRaw = async ({ text, values }: prisma.Sql) => (await pool.query(text, values)).rows;
      const { sql } = prisma;
      return {
        list: (permitted, begins, limit) =>
          queryRaw(
            sql`SELECT id FROM notes WHERE title LIKE ${`${begins}%`} AND ${toPrisma(permitted(1), sql)}
                ORDER BY title LIMIT ${limit}`,
          ),
        except: (permitted) => queryRaw(sql`SELECT id FROM notes WHERE NOT ${toPrisma(permitted, sql)} ORDER BY id`),
      };
    },
  };

  /** The ids of the notes that a person may list, by a check of each, in the order of their titles. */
  async function permittedOneByOne(person: string, begins: string): Promise<number[]> {
    const { rows } = await pool.query(
      `SELECT *, ARRAY(SELECT user_id FROM note_readers WHERE note_id = id) AS readers FROM notes
         WHERE title LIKE $1 ORDER BY title`,
      [`${begins}%`],
    );
    const checks = rows.map(({ id, owner_id: ownerId, published, readers }) => ({
      kind: "note",
      action: "list",
      resource: { id: String(id), attr: { ...(ownerId !== null && { ownerId }), published, readers } },
    }));
    const answers = await pdp.check({ id: person, roles: ["user"] }, checks);
    return rows.filter((_, n) => answers[n]?.allowed).map(({ id }) => id);
  }

  for (const [name, builderOf] of Object.entries(builders)) {
    it(`${name}: lists what the PDP allows one by one, within the app's own search, order and limit`, async () => {
      const { list } = builderOf();
      let found = 0;
      for (const person of people) {
        const { filter } = await pdp.plan({ id: person, roles: ["user"] }, "note", "list");
        for (const begins of ["", "b"]) {
          const expected = await permittedOneByOne(person, begins);
          for (const limit of [2, 25]) {
            const rows = await list(
              (firstPlaceholder) => toSql(filter, { ...mapping, firstPlaceholder }),
              begins,
              limit,
            );
            assert.deepEqual(
              rows.map(({ id }) => id),
              expected.slice(0, limit),
              `${person} ${begins} ${limit}`,
            );
            found += rows.length;
          }
        }
      }
      assert(found > 20, `${found} rows`);
    });

    it(`${name}: keeps NULL what is neither true nor false`, async () => {
      const filter: Filter = { decision: "conditional", condition: call("lt", attribute("words? $1"), literal(25)) };
      const { list, except } = builderOf();
      const within = await list((firstPlaceholder) => toSql(filter, { ...mapping, firstPlaceholder }), "", 25);
      const without = await except(toSql(filter, mapping));
      const ids = [within, without].map((rows) => rows.map(({ id }) => id));
      assert.deepEqual(ids, [
        [2, 1],
        [3, 5, 7, 8],
      ]);
    });

    it(`${name}: lists all rows, or none, for what is always allowed or denied`, async () => {
      for (const [decision, count] of [
        ["allowed", 8],
        ["denied", 0],
      ] as const) {
        assert.equal((await builderOf().list(() => toSql({ decision }, mapping), "", 25)).length, count, decision);
      }
    });

    it(`${name}: holds an OR together`, async () => {
      const rows = await builderOf().list(() => condition`owner_id = 'uma' OR true`, "a of uma", 25);
      assert.deepEqual(rows, [{ id: 1 }]);
    });
  }

  it("refuses a name that Knex cannot write", () => {
    const filter: Filter = { decision: "conditional", condition: call("eq", attribute("odd"), literal("a")) };
    const columns: Columns = { odd: { type: "string", column: "odd\\?" } };
    assert.throws(() => toKnex(toSql(filter, { table: "notes", columns }), knexDb), {
      name: "TypeError",
      message: /question mark behind a backslash/,
    });
  });
});

describe("the samples of query builders", function () {
  this.timeout(120_000);
  const folder = useTemporaryFolder();

  it("compile as the page shows them", async () => {
    const names = await writePageSamples("query-builders.md", folder.path);
    assert.equal(names.length, 6);
    await symlink(projectPath("middleware"), join(folder.path, "middleware"));
    await symlink(projectPath("node_modules"), join(folder.path, "node_modules"));
    await mkdir(join(folder.path, "generated/prisma"), { recursive: true });
    await writeFile(join(folder.path, "generated/prisma/client.d.ts"), prismaClient);
    await writeFile(join(folder.path, "package.json"), JSON.stringify({ type: "module" }));
    // The types of Drizzle do not bear the strictest settings.
    const options = [
      "--module",
      "nodenext",
      "--target",
      "es2023",
      "--strict",
      "--skipLibCheck",
      "--noEmit",
      "--types",
      "node",
    ];
    // Somewhere the app imports the core, which declares `req.authz`.
    const files = ["middleware/index.ts", ...names];
    const { output, status } = spawnSync(projectPath("node_modules/.bin/tsc"), [...options, ...files], {
      cwd: folder.path,
      encoding: "utf8",
    });
    assert.equal(status, 0, String(output));
  });
});
