import * as prisma from "@prisma/client-runtime-utils";
import { sql as drizzleSql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import knex from "knex";
import {
  DummyDriver,
  Kysely,
  sql as kyselySql,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import { type SqlCondition, toDrizzle, toKnex, toKysely, toPrisma } from "../../../middleware/sql/index.js";

/** A query as a driver gets it. */
interface DriverQuery {
  readonly text: string;
  readonly values: readonly unknown[];
}

const offlineKnex = knex({ client: "pg" });
const offlineKysely = new Kysely<object>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** What each query builder makes of `SELECT <first> WHERE <condition>`, where the first value is one of the query's own. */
export const compilers: Readonly<Record<string, (first: string, condition: SqlCondition) => DriverQuery>> = {
  Drizzle(first, condition) {
    const query = drizzleSql`SELECT ${first} WHERE ${toDrizzle(condition, drizzleSql)}`;
    const { sql: text, params: values } = new PgDialect().sqlToQuery(query);
    return { text, values };
  },
  Knex(first, condition) {
    const query = offlineKnex.raw("SELECT ? WHERE ?", [first, toKnex(condition, offlineKnex)]);
    const { sql: text, bindings: values } = query.toSQL().toNative();
    return { text, values: values as unknown[] };
  },
  Kysely(first, condition) {
    const query = kyselySql`SELECT ${first} WHERE ${toKysely(condition, kyselySql)}`.compile(offlineKysely);
    return { text: query.sql, values: query.parameters };
  },
  /** Of Prisma there is its raw SQL alone: what `$queryRaw` takes, with the text and values that it sends. */
  Prisma(first, condition) {
    return prisma.sql`SELECT ${first} WHERE ${toPrisma(condition, prisma.sql)}`;
  },
};
