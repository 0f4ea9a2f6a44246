import { and, asc, desc, inArray, or, type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { Db } from "../../db/database.js";
import { sampleOfContacts } from "../../db/sample.js";
import { contacts, folded } from "../../db/schema.js";
import { type Contact, shownColumns } from "../contact.js";
import { type ListContext, matchesList } from "./conditions.js";
import { disjoint, type Found, findEach, MOST_COUNTED, type Permitted } from "./counts.js";
import { type Cursor, type ListQuery, type SortKey, sortKeyOf } from "./query.js";
import { indexedWord } from "./search.js";

/** A page of a list. */
export interface Page {
  readonly contacts: Contact[];
  /** Where the next page begins: after this place. `null` on the last page. */
  readonly next: Cursor | null;
  /** Where the page before ends: before this place. `null` on the first page. */
  readonly previous: Cursor | null;
  /** How many there are on all pages, up to {@link MOST_COUNTED} and one. */
  readonly total: number;
}

/** How many contacts are looked at in the order of a list, before all are gathered that are wanted. */
const LOOK_AHEAD = 4_000;
/** How many of these tell whether it is worth it. */
const FIRST_LOOK = 500;

/** What a list is sorted by, before the id. */
interface Sort {
  readonly column: AnyPgColumn;
  /** The row's values, as a cursor holds them. */
  readonly position: readonly SQL[];
  /** A cursor's values, to be compared with the column. */
  readonly fromCursor: (values: readonly string[]) => SQL;
}

/** Earlier versions of the app made cursors of texts that were not folded. */
function byText(column: AnyPgColumn): Sort {
  return { column, position: [sql`${column}`], fromCursor: ([text = ""]) => folded(text) };
}

function byTime(column: AnyPgColumn): Sort {
  const position = sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  return { column, position: [position], fromCursor: ([iso]) => sql`${iso}::timestamptz` };
}

/** A name has two values in cursors: the last name and the first, with a tab between them in the column. */
const byName: Sort = {
  column: contacts.nameFolded,
  position: [1, 2].map((part) => sql`split_part(${contacts.nameFolded}, E'\\t', ${sql.raw(String(part))})`),
  fromCursor: ([last = "", first = ""]) => folded(first === "" ? last : `${last}\t${first}`),
};

const sorts: Readonly<Record<SortKey, Sort>> = {
  name: byName,
  email: byText(contacts.emailFolded),
  company: byText(contacts.companyFolded),
  title: byText(contacts.titleFolded),
  created: byTime(contacts.createdAt),
  updated: byTime(contacts.updatedAt),
};

/**
 * A page of the contacts that the query asks for, in its order. Of a query that goes back to the beginning of the list, it is
 * the first page, which is full.
 *
 * @param permitted - which the user may see
 */
export async function findContacts(
  db: Db,
  query: ListQuery,
  permitted: Permitted,
  context: ListContext,
): Promise<Page> {
  const { sort, limit, after, before } = query;
  const asked = matchesList(query, context, await indexedWord(db, query.q));
  const askedOfFew = matchesList(query, context);
  const parts = disjoint(permitted).map((part) => ({ all: and(part, asked), few: and(part, askedOfFew) }));
  const found = await findEach(
    db,
    parts.map(({ all }) => all),
  );
  const total = Math.min(
    found.reduce((sum, { count }) => sum + count, 0),
    MOST_COUNTED + 1,
  );
  if (total === 0) return { contacts: [], next: null, previous: null, total };
  const { column, position, fromCursor } = sorts[sortKeyOf(sort)];
  // A page that ends before a place is found from there on, the other way round.
  const backwards = sort.startsWith("-") !== (before !== undefined);
  const order = inOrder(column, backwards);
  const from = after ?? before;
  const isPast = from
    ? sql`(${column}, ${contacts.id}) ${sql.raw(backwards ? "<" : ">")} (${fromCursor(from.values)}, ${from.id}::uuid)`
    : sql`true`;
  // One row more than the page has, which says whether there is a further page.
  const most = limit + 1;
  const ids = idsOfPage(parts, found, { column, order, isPast, most });
  const rows = await db
    .select({
      contact: shownColumns,
      position: sql<string[]>`json_build_array(${sql.join([...position], sql`, `)})`,
    })
    .from(contacts)
    .where(inArray(contacts.id, ids))
    .orderBy(order)
    .limit(most);
  const isFurther = rows.length > limit;
  if (before && !isFurther) return findContacts(db, { ...query, before: undefined }, permitted, context);
  const shown = rows.slice(0, limit);
  if (before) shown.reverse();
  const placeOf = (row: (typeof rows)[number] | undefined) =>
    row ? { values: row.position, id: row.contact.id } : null;
  return {
    contacts: shown.map(({ contact }) => contact),
    next: isFurther || before ? placeOf(shown.at(-1)) : null,
    previous: from ? placeOf(shown[0]) : null,
    total,
  };
}

/** Which place of a list a page has. */
interface Place {
  /** The column of the sort, and the order by it. */
  readonly column: AnyPgColumn;
  readonly order: SQL;
  /** Whether a contact comes after the place where the page begins. */
  readonly isPast: SQL;
  /** How many contacts, at most. */
  readonly most: number;
}

/**
 * The ids of a page, as a subquery. What few contacts have in common has been found, and is sorted. Of many, the first may come
 * soon in the order of the list, as a sample of all contacts or the first in that order tell; else all of them are gathered.
 * PostgreSQL itself knows too little to choose, and would walk through the whole table.
 *
 * @param parts - the conditions of each part: for PostgreSQL to find its contacts by, and to look at few that are given
 * @param found - the contacts of each part, where there are few
 */
function idsOfPage(
  parts: readonly { readonly all: SQL | undefined; readonly few: SQL | undefined }[],
  found: readonly Found[],
  { column, order, isPast, most }: Place,
): SQL {
  const firstOf = (source: SQL, condition: SQL | undefined) =>
    sql`(select ${contacts.id}, ${column} from ${source} where ${condition} order by ${order} limit ${most})`;
  const few = found.flatMap(({ ids }) => ids ?? []);
  const many = parts.flatMap(({ all }, n) => (found[n]?.ids === null ? [all] : []));
  // They may have changed since they were found, and be of no part any more, or of another.
  const isOneOfFew = or(...parts.flatMap((part, n) => (found[n]?.ids ? [part.few] : [])));
  const firstOfFew = firstOf(
    sql`(select * from ${contacts} where ${contacts.id} = any(${sql.param(few)}::uuid[]) offset 0) as ${contacts}`,
    and(isOneOfFew, isPast),
  );
  if (many.length === 0) return sql`(select id from ${firstOfFew} as found)`;
  const isOneOfMany = or(...many);
  const nextOf = (count: number, condition: SQL) =>
    sql`(select * from ${contacts} where ${isPast} and ${condition} order by ${order} limit ${count}) as ${contacts}`;
  const isDenseIn = (source: SQL) =>
    sql`(select count(*) filter (where ${isOneOfMany}) * ${LOOK_AHEAD} >= ${most} * count(*) from ${source})`;
  // What is rare in the sample may be frequent in the order: contacts that were made together lie together in the table.
  const isNear = sql`select ${isDenseIn(sampleOfContacts)} or ${isDenseIn(nextOf(FIRST_LOOK, sql`true`))}`;
  const near = firstOf(nextOf(LOOK_AHEAD, sql`(select * from is_near)`), isOneOfMany);
  // Nobody is missing where the page is full, or there are no others to look at.
  const isEnough = sql`select case when not (select * from is_near) then false
    when (select count(*) from near) = ${most} then true
    else (select count(*) from (select from ${contacts} where ${isPast} limit ${LOOK_AHEAD + 1}) as past) <= ${LOOK_AHEAD} end`;
  // PostgreSQL finds all of the part first, by what they have in common.
  const gathered = (part: SQL | undefined) =>
    firstOf(
      sql`(select * from ${contacts} where ${part} offset 0) as ${contacts}`,
      and(isPast, sql`not (select * from is_enough)`),
    );
  const firsts = [firstOf(sql`near as ${contacts}`, sql`(select * from is_enough)`), ...many.map(gathered)];
  if (few.length > 0) firsts.push(firstOfFew);
  return sql`(with is_near as materialized (${isNear}), near as materialized ${near}, is_enough as materialized (${isEnough})
    select id from ${firstOf(sql`(${sql.join(firsts, sql` union all `)}) as ${contacts}`, sql`true`)} as found)`;
}

/** What a list is ordered by. */
function inOrder(column: AnyPgColumn, backwards: boolean): SQL {
  const direction = backwards ? desc : asc;
  return sql`${direction(column)}, ${direction(contacts.id)}`;
}
