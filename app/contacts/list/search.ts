import { and, type SQL, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { contacts, folded, shortParts } from "../../db/schema.js";
import { sampleOfContacts } from "./sample.js";

/** Digits of a phone number, and what people write between them. */
const PHONE_LIKE = /^\+?[\p{Nd}()./\p{Pd}]+$/u;
const MIN_PHONE_DIGITS = 7;
/** What one of the two indexes has in its entries: of other letters it depends on the locale of the database. */
const THREE_LETTERS = /[a-z0-9]{3}/i;
/** The index of short parts is asked where so few of the contacts have all words; others are found soon without. */
const RARE_SHARE = 0.1;

/**
 * Every word of the search must occur somewhere in the contact. Of a number that may be a phone's its digits may occur, too:
 * without zeros in front, because `0044` may stand for `+44`, and a national number begins with a zero that is left out abroad.
 *
 * @param indexed - the word that an index is asked for: see {@link indexedWord}
 */
export function matchesSearch(q: string, indexed?: string): SQL | undefined {
  // Short parts are cheap to look for beside others, trigrams are not.
  const areShort = indexed !== undefined && !hasThreeLetters(indexed);
  return and(...wordsOf(q).map((word) => isIn(word, word === indexed || (areShort && !hasThreeLetters(word)))));
}

/**
 * The word of a search that an index should be asked for: the one that the fewest contacts of a sample have. The others are
 * looked for in the contacts that have it. PostgreSQL would ask the indexes for all of them, and look up each for every contact
 * that has the rarest.
 *
 * @returns `undefined`: none
 */
export async function indexedWord(db: Db, q: string): Promise<string | undefined> {
  const words = wordsOf(q);
  const [only] = words;
  // PostgreSQL itself estimates how many contacts have three letters.
  if (only === undefined || (words.length === 1 && hasThreeLetters(only))) return only;
  const conditions = [matchesSearch(q), ...words.map((word) => isIn(word, false))];
  const counts = conditions.map((condition) => sql`count(*) filter (where ${condition})`);
  const [row] = await rowsOf<{ all: number; counts: number[] }>(
    db,
    sql`select count(*)::int as all, json_build_array(${sql.join(counts, sql`, `)}) as counts from ${sampleOfContacts}`,
  );
  const { all = 0, counts: [together = 0, ...each] = [] } = row ?? {};
  const fewest = Math.min(...each);
  const [rarest = ""] = words.filter((_, n) => each[n] === fewest).sort((one, other) => other.length - one.length);
  return hasThreeLetters(rarest) || together <= RARE_SHARE * all ? rarest : undefined;
}

function wordsOf(q: string): string[] {
  return q.split(/\s+/).filter(Boolean);
}

function hasThreeLetters(word: string): boolean {
  return THREE_LETTERS.test(word.normalize("NFKD").replace(/\p{M}/gu, ""));
}

/** Whether a word is in a contact. @param byIndex - whether PostgreSQL may ask an index for it */
function isIn(word: string, byIndex: boolean): SQL {
  const digits = PHONE_LIKE.test(word) ? word.replace("(0)", "").replace(/[^\p{Nd}]/gu, "") : "";
  const significant = digits.length < MIN_PHONE_DIGITS ? digits : digits.replace(/^0+/, "");
  // In brackets, as it stands beside other conditions.
  return significant && significant !== word
    ? sql`(${occurs(word, byIndex)} or ${occurs(significant, byIndex)})`
    : occurs(word, byIndex);
}

function occurs(text: string, byIndex: boolean): SQL {
  const isThere = sql`strpos(${contacts.searchText}, ${folded(text)}) > 0`;
  if (!byIndex) return isThere;
  if (hasThreeLetters(text)) {
    const literally = sql`regexp_replace(${folded(text)}, '[\\\\%_]', '\\\\\\&', 'g')`;
    return sql`${contacts.searchText} like '%' || ${literally} || '%'`;
  }
  // The parts are the single characters first, and then the pairs, which are enough where there are any. Where PostgreSQL does not
  // use the index, it asks the cheaper condition first.
  const length = sql`char_length(${folded(text)})`;
  const wanted = sql`(${shortParts(folded(text))})[case when ${length} > 1 then ${length} + 1 else 1 end:]`;
  return sql`(${isThere} and ${shortParts(contacts.searchText)} @> ${wanted})`;
}
