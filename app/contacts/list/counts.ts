import { type SQL, sql } from "drizzle-orm";
import { type SqlCondition, toDrizzle } from "../../../middleware/sql/index.js";
import { type Db, rowsOf } from "../../db/database.js";
import { contacts, people } from "../../db/schema.js";
import { type Asker, isInView } from "./conditions.js";
import { type View, views } from "./query.js";

/** Which contacts a user may see: those for which one of some conditions holds. */
export type Permitted = SqlCondition | readonly SqlCondition[];

/** How far contacts are counted: the time of a count does not grow beyond that, however many a user may see. */
export const MOST_COUNTED = 1_000;
/** How far the contacts of a part are found that stands beside others which have that many. */
const FEW_BESIDE = 100;

/** Conditions of which at most one holds of a contact, and one holds if one of the permitted ones does. */
export function disjoint(permitted: Permitted): SQL[] {
  const conditions = [permitted].flat().map((condition) => toDrizzle(condition, sql));
  return conditions.map((condition, n) =>
    sql.join([condition, ...conditions.slice(0, n).map((earlier) => sql`${earlier} is not true`)], sql` and `),
  );
}

/** The contacts of a part. */
export interface Found {
  /** How many there are, up to a bound and one. */
  readonly count: number;
  /** Their ids, where there are not more than the bound. */
  readonly ids: readonly string[] | null;
}

/**
 * The contacts of each part, up to {@link MOST_COUNTED} and one; where the parts before have that many, up to
 * {@link FEW_BESIDE} and one.
 */
export async function findEach(db: Db, parts: readonly (SQL | undefined)[]): Promise<readonly Found[]> {
  const { counts, ids, steps } = stepwise(parts);
  const each = counts.map((count, n) => sql`json_build_object('count', ${count}, 'ids', ${ids[n]})`);
  const [row] = await rowsOf<{ found: Found[] }>(
    db,
    sql`select json_build_array(${sql.join(each, sql`, `)}) as found from ${steps}`,
  );
  return row?.found ?? [];
}

/** What {@link findEach} finds as a part of a statement: the names of the counts and ids, and what they are selected from. */
function stepwise(parts: readonly (SQL | undefined)[]) {
  const named = (name: string) => parts.map((_, n) => sql.raw(`${name}_${n}`));
  const [counts, ids, names] = [named("count"), named("ids"), named("step")];
  // Each is made when the ones before are known. `offset 0` keeps PostgreSQL from making them twice.
  const steps = parts.map((part, n) => {
    const isFirst = sql`${sumIn(counts.slice(0, n))} <= ${MOST_COUNTED}`;
    const upTo = (most: number) => sql`array(select ${contacts.id} from ${contacts} where ${part} limit ${most + 1})`;
    return sql`lateral (select cardinality(found) as ${counts[n]}, case when cardinality(found) <= most then found end as ${ids[n]}
      from (select case when ${isFirst} then ${upTo(MOST_COUNTED)} else ${upTo(FEW_BESIDE)} end as found,
        case when ${isFirst} then ${MOST_COUNTED}::int else ${FEW_BESIDE}::int end as most offset 0) as part offset 0) as ${names[n]}`;
  });
  return { counts, ids, steps: sql.join(steps, sql`, `) };
}

function sumIn(counts: readonly SQL[]): SQL {
  return sql.join([sql`0`, ...counts], sql` + `);
}

/** How many contacts a condition holds of, up to a bound and one. */
function countUpTo(most: number, condition: SQL | undefined): SQL {
  return sql`(select count(*) from (select from ${contacts} where ${condition} limit ${most + 1}) as found)`;
}

/**
 * How many contacts there are in each view of a user, up to {@link MOST_COUNTED} and one, without any filter. In one
 * statement.
 *
 * @param permitted - which the user may see
 */
export async function countViews(db: Db, permitted: Permitted, asker: Asker): Promise<Readonly<Record<View, number>>> {
  const parts = disjoint(permitted);
  const { counts: each, steps } = stepwise(parts);
  // In a view there are few enough contacts, or they come fast enough, to look at each for whether it may be seen.
  const isPermitted = sql`(${sql.join(parts, sql` or `)})`;
  const counts: Record<View, SQL> = {
    everyone: sumIn(each),
    mine: countIn("mine"),
    shared: countIn("shared"),
    team: countIn("team"),
    // Leaver by leaver: PostgreSQL would rather read all contacts than look for those of each.
    unowned: sql`(select count(*) from (select from ${people}, lateral (select from ${contacts}
      where ${contacts.ownerId} = ${people.id} and ${isPermitted} limit ${MOST_COUNTED + 1}) as owned
      where ${people.goneAt} is not null limit ${MOST_COUNTED + 1}) as found)`,
  };
  const [row] = await rowsOf<{ counts: number[] }>(
    db,
    sql`select json_build_array(${sql.join(
      views.map((view) => counts[view]),
      sql`, `,
    )}) as counts from ${steps}`,
  );
  const found = views.map((view, n) => [view, Math.min(row?.counts[n] ?? 0, MOST_COUNTED + 1)]);
  return Object.fromEntries(found) as Record<View, number>;

  function countIn(view: View): SQL {
    return countUpTo(MOST_COUNTED, sql`${isInView(view, asker)} and ${isPermitted}`);
  }
}
