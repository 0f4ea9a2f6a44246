import type { Colleague, People } from "../../directory/people.js";
import type { DecisionStore } from "./store.js";

/** Finds the requests for which no user was logged in, when it is searched for as a person. */
export const NOBODY = "nobody";

/** The person that a search is about. */
export type PersonMatch =
  /** `id` is `null` when no user was logged in. `person` is absent when only the id is known. */
  | { readonly id: string | null; readonly person?: Colleague }
  /** Nobody was found, or several people: what to tell the user. */
  | { readonly id?: undefined; readonly message: string };

/** Most people that a message lists. */
const MAX_PEOPLE_LISTED = 5;

/**
 * Finds a person by user id, e-mail address, name or a part of a name; the case does not matter, but for the id. A
 * person who has decisions but has never logged in is found by the id alone.
 */
export async function findPerson(people: People, store: DecisionStore, text: string): Promise<PersonMatch> {
  if (text.toLowerCase() === NOBODY) return { id: null };
  const found = await people.matching(text, MAX_PEOPLE_LISTED + 1);
  const [first, second] = found;
  if (first && (!second || isExactMatch(first, text, found))) return { id: first.id, person: first };
  if (first) {
    const listed = found.slice(0, MAX_PEOPLE_LISTED).map((person) => `${person.name} (${person.email})`);
    const more = found.length > MAX_PEOPLE_LISTED ? " and others" : "";
    return { message: `“${text}” could be ${listed.join(", ")}${more}. Search for one of the e-mail addresses.` };
  }
  if (await store.hasDecisionsOf(text)) return { id: text };
  return { message: `Nobody called “${text}” has logged in here.` };
}

/** Whether a text can only mean this person: the id, the address, or a name that no other person has. */
function isExactMatch(person: Colleague, text: string, found: readonly Colleague[]): boolean {
  const isSame = (value: string) => value.toLowerCase() === text.toLowerCase();
  if (person.id === text || isSame(person.email)) return true;
  return found.filter(({ name }) => isSame(name)).length === 1 && isSame(person.name);
}
