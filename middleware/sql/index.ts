/** Filters as conditions for PostgreSQL: what lists are made of that the database filters, pages, sorts and counts. */
export { toSqlAlternatives } from "./alternatives.js";
export type {
  ArrayColumn,
  Column,
  Columns,
  JsonColumn,
  Nulls,
  RelatedRow,
  RelatedRows,
  ScalarColumn,
  SqlOptions,
  TimestampColumn,
} from "./columns.js";
export type { SqlCondition, SqlTemplate, SqlValue } from "./condition.js";
export { type KyselyCondition, toDrizzle, toKnex, toKysely, toPrisma } from "./query-builders.js";
export { toSql } from "./to-sql.js";
