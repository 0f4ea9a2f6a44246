import { type SqlCondition, type SqlValue, templateStrings } from "./condition.js";

/*
 * Conditions as parts of queries that a query builder makes. Each function takes the builder's own function as a parameter, so
 * that nothing here imports a builder.
 *
 * The text comes in parentheses: Drizzle, Knex and Kysely put none around it, and an OR in it would let others out.
 */

/** The tag of a query builder's templates. */
type Tag<Query> = (strings: TemplateStringsArray, ...values: SqlValue[]) => Query;

/**
 * A condition as part of a Drizzle query, for `where`, `and` and templates.
 *
 * @param condition - what `toSql` returned
 * @param sql - Drizzle's `sql`
 * @example
 * db.select().from(notes).where(and(ilike(notes.title, search), toDrizzle(condition, sql)));
 */
export function toDrizzle<Query>(condition: SqlCondition, sql: Tag<Query>): Query {
  return tagged(condition, sql);
}

/**
 * A condition as part of Prisma's raw SQL.
 *
 * @param condition - what `toSql` returned
 * @param sql - `Prisma.sql`
 * @example
 * prisma.$queryRaw`SELECT * FROM notes WHERE ${toPrisma(condition, Prisma.sql)} ORDER BY title`;
 */
export function toPrisma<Query>(condition: SqlCondition, sql: Tag<Query>): Query {
  return tagged(condition, sql);
}

/** A boolean expression of Kysely. */
export interface KyselyCondition<Node> {
  readonly expressionType: boolean | undefined;
  toOperationNode(): Node;
}

/**
 * A condition as part of a Kysely query, for `where`, `eb.and` and templates.
 *
 * @param condition - what `toSql` returned
 * @param sql - Kysely's `sql`
 * @example
 * db.selectFrom("notes").selectAll().where("title", "ilike", search).where(toKysely(condition, sql));
 */
export function toKysely<Node>(
  condition: SqlCondition,
  sql: <T>(
    strings: TemplateStringsArray,
    ...values: unknown[]
  ) => { readonly expressionType: T | undefined; toOperationNode(): Node },
): KyselyCondition<Node> {
  return tagged<KyselyCondition<Node>>(condition, sql);
}

/**
 * A condition as part of a Knex query, for `where`, `whereNot` and `raw`.
 *
 * @param condition - what `toSql` returned
 * @param knex - Knex, or a transaction of it
 * @throws TypeError when the name of a table or column has a question mark behind a backslash, which Knex cannot write
 * @example
 * knex("notes").whereILike("title", search).where(toKnex(condition, knex));
 */
export function toKnex<Raw>(
  { template: { strings, values } }: SqlCondition,
  knex: { raw(sql: string, bindings: readonly SqlValue[]): Raw },
): Raw {
  if (strings.join("?").includes("\\?")) {
    throw new TypeError("toKnex(): Knex cannot write a name with a question mark behind a backslash.");
  }
  const parts = strings.map((part) => part.replaceAll("?", "\\?"));
  return knex.raw(`(${parts.join("?")})`, values);
}

function tagged<Query>({ template: { strings, values } }: SqlCondition, sql: Tag<Query>): Query {
  const parts = [...strings];
  parts[0] = `(${parts[0]}`;
  parts[parts.length - 1] += ")";
  return sql(templateStrings(parts), ...values);
}
