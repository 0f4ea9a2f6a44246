import { asc, eq, type SQLWrapper, sql } from "drizzle-orm";
import type { RelatedRows } from "../../middleware/sql/index.js";
import type { Db } from "../db/database.js";
import { reports } from "../db/schema.js";

/**
 * How the managers of a row's person are stored: the ids of those whom the person reports to, directly or not, the closest
 * first. {@link managersIn} sends the same.
 *
 * @param references - the column that has the person's id
 */
export function managersColumn({ name }: { readonly name: string }): RelatedRows {
  return {
    type: "rows",
    table: "directory_reports",
    key: reports.personId.name,
    references: name,
    nulls: "never",
    orderBy: reports.distance.name,
    element: { type: "string", column: reports.managerId.name, nulls: "never" },
  };
}

/** The managers of a row's person in a query, as JSON: see {@link managersColumn}. @param personId - the column with their id */
export function managersIn(personId: SQLWrapper) {
  return sql<readonly string[]>`(select coalesce(json_agg(manager_id order by distance), '[]'::json)
    from directory_reports where person_id = ${personId})`;
}

/** The managers of a person: see {@link managersColumn}. */
export async function readManagers(db: Db, personId: string): Promise<readonly string[]> {
  const { managerId, distance } = reports;
  const rows = await db
    .select({ managerId })
    .from(reports)
    .where(eq(reports.personId, personId))
    .orderBy(asc(distance));
  return rows.map((row) => row.managerId);
}

/** How many people report to a user, directly or not. */
export async function countReports(db: Db, managerId: string): Promise<number> {
  return db.$count(reports, eq(reports.managerId, managerId));
}

/** Whether one person or more report to a user, directly or not. */
export async function hasReports(db: Db, managerId: string): Promise<boolean> {
  const rows = await db.select({ one: sql`1` }).from(reports).where(eq(reports.managerId, managerId)).limit(1);
  return rows.length > 0;
}
