import { and, type SQL, sql } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { contacts } from "../../db/schema.js";
import * as text from "../../db/text-search.js";

/** Digits of a phone number, and what people write between them. */
const PHONE_LIKE = /^\+?[\p{Nd}()./\p{Pd}]+$/u;
const MIN_PHONE_DIGITS = 7;

/**
 * Every word of the search must occur somewhere in the contact. Of a number that may be a phone's its digits may occur, too:
 * without zeros in front, because `0044` may stand for `+44`, and a national number begins with a zero that is left out abroad.
 *
 * @param indexed - the word that an index is asked for: see {@link indexedWord}
 */
export function matchesSearch(q: string, indexed?: string): SQL | undefined {
  return and(...text.wordsOf(q).map((word) => isIn(word, text.isAskedFor(word, indexed))));
}

/** The word of a search that an index should be asked for, if any; see {@link text.indexedWord}. */
export function indexedWord(db: Db, q: string): Promise<string | undefined> {
  return text.indexedWord(db, text.wordsOf(q), (word) => isIn(word, false));
}

/** Whether a word is in a contact. @param byIndex - whether PostgreSQL may ask an index for it */
function isIn(word: string, byIndex: boolean): SQL {
  const occurs = (part: string) => text.occurs(contacts.searchText, part, byIndex);
  const digits = PHONE_LIKE.test(word) ? word.replace("(0)", "").replace(/[^\p{Nd}]/gu, "") : "";
  const significant = digits.length < MIN_PHONE_DIGITS ? digits : digits.replace(/^0+/, "");
  // In brackets, as it stands beside other conditions.
  return significant && significant !== word ? sql`(${occurs(word)} or ${occurs(significant)})` : occurs(word);
}
