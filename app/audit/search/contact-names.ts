import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { type Db, isStorable, rowsOf } from "../../db/database.js";
import { contacts, folded, pastContactNames } from "../../db/schema.js";
import { indexedWord, isAskedFor, occurs, wordsOf } from "../../db/text-search.js";

/** A contact at a moment. */
export interface ContactMention {
  /** Any text may be given as the id. */
  readonly id: string;
  readonly time: Date;
}

/** Which contacts a text can mean. */
export interface ContactMatches {
  /** {@link MAX_CONTACTS_MATCHED} at most. */
  readonly ids: readonly string[];
  /** Whether there are more. */
  readonly areMore: boolean;
}

/**
 * The names of contacts, as the decision log needs them: also of those that were deleted, and those that contacts had before.
 * Only who may read the log may be shown them.
 */
export interface ContactNames {
  /** The name that each contact had at a moment, in the order of the mentions; `null` where it is not known. */
  at(mentions: readonly ContactMention[]): Promise<readonly (string | null)[]>;
  /**
   * The contacts that have, or had, a name: this one exactly, or else one with all of its words in it. Case and accents do not
   * matter.
   */
  matching(text: string): Promise<ContactMatches>;
}

/** Most contacts that a search is about. */
export const MAX_CONTACTS_MATCHED = 10;
/** Most past names that are looked at: a contact may have had several that match. */
const MAX_PAST_NAMES_READ = 1_000;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The {@link ContactNames} of a database. */
export function contactNames(db: Db): ContactNames {
  return {
    async at(mentions) {
      const known = mentions
        .map(({ id, time }, n) => ({ n, id, time: time.toJSON() }))
        // PostgreSQL has times that JavaScript does not have.
        .filter(({ id, time }) => UUID.test(id) && time !== null);
      if (known.length === 0) return mentions.map(() => null);
      const pastOf = (condition: SQL, order: SQL) =>
        sql`(select trim(first_name || ' ' || last_name) from ${pastContactNames} as past
          where past.contact_id = said.id and ${condition} order by ${order} limit 1)`;
      const rows = await rowsOf<{ n: number; name: string | null }>(
        db,
        // The record of a deletion may seem to be later than the deletion: it has the time of another clock.
        sql`select n, coalesce(${pastOf(sql`past.until >= said.time`, sql`past.until`)},
            (select trim(first_name || ' ' || last_name) from ${contacts} where id = said.id),
            ${pastOf(sql`true`, sql`past.until desc`)}) as name
          from json_to_recordset(${JSON.stringify(known)}::json) as said(n int, id uuid, time timestamptz)`,
      );
      const names = new Map(rows.map(({ n, name }) => [n, name]));
      return mentions.map((_, n) => names.get(n) || null);
    },

    async matching(text) {
      const words = wordsOf(text);
      if (words.length === 0 || !isStorable(text)) return { ids: [], areMore: false };
      const isWhole = sql`name_folded in (${sql.join(wholeNames(words), sql`, `)})`;
      const exact = await find(isWhole, isWhole);
      if (exact.ids.length > 0) return exact;
      const indexed = await indexedWord(db, words, (word) => occurs(contacts.searchText, word, false));
      const asked = words.filter((word) => isAskedFor(word, indexed));
      const byIndex = (column: SQLWrapper) => all(asked.map((word) => occurs(column, word, true)));
      const hasAll = all(words.map((word) => occurs(sql`name_folded`, word, false)));
      return find(byIndex(contacts.searchText), byIndex(pastContactNames.nameFolded), hasAll);
    },
  };

  /**
   * @param present - what finds the contacts that there are by an index
   * @param past - what finds past names by one
   * @param condition - what holds of a name besides
   */
  async function find(present: SQL, past: SQL, condition = all([])): Promise<ContactMatches> {
    // PostgreSQL knows too little of how often words occur to choose between an index and the table: `offset 0` has it find all
    // by the index before it takes the first.
    const rows = await rowsOf<{ id: string }>(
      db,
      sql`select distinct id::text from (
          (select id from (select id, name_folded from ${contacts} where ${present} offset 0) as present
            where ${condition} limit ${MAX_CONTACTS_MATCHED + 1})
          union all
          (select id from (select contact_id as id, name_folded from ${pastContactNames} where ${past} offset 0) as past
            where ${condition} limit ${MAX_PAST_NAMES_READ})
        ) as found limit ${MAX_CONTACTS_MATCHED + 1}`,
    );
    const ids = rows.map(({ id }) => id);
    return { ids: ids.slice(0, MAX_CONTACTS_MATCHED), areMore: ids.length > MAX_CONTACTS_MATCHED };
  }
}

/** The forms that a whole name can have in the index, which has the last name first: each word may be where that begins. */
function wholeNames(words: readonly string[]): SQL[] {
  return words.map((_, n) => {
    const [before, after] = [words.slice(0, n).join(" "), words.slice(n).join(" ")];
    if (before === "") return folded(after);
    return sql`${folded(after)} || E'\t' || ${folded(before)}`;
  });
}

function all(conditions: readonly SQL[]): SQL {
  return sql.join([sql`true`, ...conditions], sql` and `);
}
