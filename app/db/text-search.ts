import { and, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { type Db, rowsOf } from "./database.js";
import { sampleOfContacts } from "./sample.js";
import { folded, shortParts } from "./schema.js";

/** What an index of trigrams has in its entries: of other letters it depends on the locale of the database. */
const THREE_LETTERS = /[a-z0-9]{3}/i;

/** The index of short parts is asked where so few of the contacts have all words; others are found soon without. */
const RARE_SHARE = 0.1;

/** The words of a search, each of which has to be found. */
export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

/**
 * The word of a search that an index should be asked for: the one that the fewest contacts of a sample have. The others are
 * looked for in the contacts that have it. PostgreSQL would ask the indexes for all of them, and look up each for every contact
 * that has the rarest.
 *
 * @param isIn - the condition that a contact has a word
 * @returns `undefined`: none
 */
export async function indexedWord(
  db: Db,
  words: readonly string[],
  isIn: (word: string) => SQL,
): Promise<string | undefined> {
  const [only] = words;
  // PostgreSQL itself estimates how many contacts have three letters.
  if (only === undefined || (words.length === 1 && hasThreeLetters(only))) return only;
  const each = words.map(isIn);
  const counts = [and(...each), ...each].map((condition) => sql`count(*) filter (where ${condition})`);
  const [row] = await rowsOf<{ all: number; counts: number[] }>(
    db,
    sql`select count(*)::int as all, json_build_array(${sql.join(counts, sql`, `)}) as counts from ${sampleOfContacts}`,
  );
  const { all = 0, counts: [together = 0, ...found] = [] } = row ?? {};
  const fewest = Math.min(...found);
  const [rarest = ""] = words.filter((_, n) => found[n] === fewest).sort((one, other) => other.length - one.length);
  return hasThreeLetters(rarest) || together <= RARE_SHARE * all ? rarest : undefined;
}

/** Whether an index is asked for a word of a search: for the {@link indexedWord}, and for all short ones if that is short. */
export function isAskedFor(word: string, indexed: string | undefined): boolean {
  // Short parts are cheap to look for beside others, trigrams are not.
  return word === indexed || (indexed !== undefined && !hasThreeLetters(indexed) && !hasThreeLetters(word));
}

/** Whether an index of trigrams finds a word; if not, the one of short parts does. */
function hasThreeLetters(word: string): boolean {
  return THREE_LETTERS.test(word.normalize("NFKD").replace(/\p{M}/gu, ""));
}

/**
 * The condition that a text is somewhere in a column, whatever its case and accents.
 *
 * @param column - what is in it is folded
 * @param byIndex - whether PostgreSQL may ask an index for it: the column has one of trigrams, and one of short parts
 */
export function occurs(column: SQLWrapper, text: string, byIndex: boolean): SQL {
  const isThere = sql`strpos(${column}, ${folded(text)}) > 0`;
  if (!byIndex) return isThere;
  if (hasThreeLetters(text)) {
    const literally = sql`regexp_replace(${folded(text)}, '[\\\\%_]', '\\\\\\&', 'g')`;
    return sql`${column} like '%' || ${literally} || '%'`;
  }
  // The parts are the single characters first, and then the pairs, which are enough where there are any. Where PostgreSQL does not
  // use the index, it asks the cheaper condition first.
  const length = sql`char_length(${folded(text)})`;
  const wanted = sql`(${shortParts(folded(text))})[case when ${length} > 1 then ${length} + 1 else 1 end:]`;
  return sql`(${isThere} and ${shortParts(column)} @> ${wanted})`;
}
