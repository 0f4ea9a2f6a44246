import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { customType, timestamp } from "drizzle-orm/pg-core";

/** Times are kept to the millisecond, as JavaScript has them, so that a page cursor finds exactly the row that it names. */
export const moment = (name: string) => timestamp(name, { precision: 3, withTimezone: true });

/** Text that is compared by its code points, whatever the locale of the database. */
export const comparable = customType<{ data: string; notNull: true }>({ dataType: () => 'text COLLATE "C"' });
/** The same in a column that may be NULL. */
export const optionalComparable = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });

/**
 * A text as it is searched and sorted by: lower case, without accents, and with one kind of apostrophe, dash and digit. The
 * function is made by a migration; ADR 8 says why the database does this.
 */
export function folded(value: SQLWrapper | string): SQL {
  return sql`fold_text(${value})`;
}

/** All parts of a text that have one character or two, as the index of short words has them. A migration makes the function. */
export function shortParts(text: SQLWrapper): SQL {
  return sql`short_parts(${text})`;
}

/**
 * The address by which e-mail addresses are compared: see {@link emailKey}. PostgreSQL knows it of ASCII addresses by itself,
 * so that it is right even where a process of an earlier version wrote the address; of others the app writes it.
 */
export const emailKeyOf = addressKeyOf("email");

/** The same of another column, whose key of texts that are not ASCII alone is in the column `international_<its name>_key`. */
export function addressKeyOf(column: string): SQL {
  return sql.raw(`case when ${column} = '' then null
          when octet_length(${column}) = char_length(${column}) then lower(${column} collate "C") else international_${column}_key end`);
}
