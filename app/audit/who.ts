import { or, sql } from "drizzle-orm";
import type { Db } from "../db/database.js";
import { decisions, people } from "../db/schema.js";
import type { Colleague } from "../people/people.js";

/** Searched for, those requests are found that nobody was logged in for. */
export const NOBODY = "nobody";

/** Whom a search is about. */
export type Who =
  /** Somebody; `person` is absent when nothing but the id is known. `null`: nobody was logged in. */
  | { readonly id: string | null; readonly person?: Colleague }
  /** It is not clear who is meant, and why not. */
  | { readonly id?: undefined; readonly message: string };

/** Most people that a message names. */
const NAMED = 5;

const { id, email, name, department, roles } = people;
const colleague = { id, email, name, department, roles };

/**
 * Finds out who is meant by a user id, an e-mail address, a name or a part of a name, whatever their case. Somebody who
 * has never logged in, but was decided about, is found by the id.
 */
export async function whoIs(db: Db, text: string): Promise<Who> {
  if (text.toLowerCase() === NOBODY) return { id: null };
  const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
  const found = await db
    .select(colleague)
    .from(people)
    .where(or(sql`${id} = ${text}`, sql`lower(${email}) = lower(${text})`, sql`${name} ilike ${pattern}`))
    // Who is meant exactly comes first, then who was seen last.
    .orderBy(
      sql`${id} = ${text} desc, lower(${email}) = lower(${text}) desc, lower(${name}) = lower(${text}) desc`,
      sql`${people.seenAt} desc`,
      id,
    )
    .limit(NAMED + 1);
  const [first, second] = found;
  if (first && (!second || isExactly(first, text, found))) return { id: first.id, person: first };
  if (first) {
    const some = found.slice(0, NAMED).map((person) => `${person.name} (${person.email})`);
    const more = found.length > NAMED ? " and others" : "";
    return { message: `“${text}” could be ${some.join(", ")}${more}. Search for one of the e-mail addresses.` };
  }
  const [decided] = await db
    .select({ one: sql`1` })
    .from(decisions)
    .where(sql`${decisions.principalId} = ${text}`)
    .limit(1);
  return decided ? { id: text } : { message: `Nobody called “${text}” has logged in here.` };
}

/** Whether a text can mean nobody but this person: an id or an address, or the name of one person only. */
function isExactly(person: Colleague, text: string, found: readonly Colleague[]): boolean {
  const isCalled = (value: string) => value.toLowerCase() === text.toLowerCase();
  if (person.id === text || isCalled(person.email)) return true;
  return found.filter(({ name }) => isCalled(name)).length === 1 && isCalled(person.name);
}
