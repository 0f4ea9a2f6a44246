import type { Colleague, People } from "../../directory/people.js";
import type { DecisionStore } from "./store.js";

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

/**
 * Finds out who is meant by a user id, an e-mail address, a name or a part of a name, whatever their case. Somebody who
 * has never logged in, but was decided about, is found by the id.
 */
export async function whoIs(people: People, store: DecisionStore, text: string): Promise<Who> {
  if (text.toLowerCase() === NOBODY) return { id: null };
  const found = await people.matching(text, NAMED + 1);
  const [first, second] = found;
  if (first && (!second || isExactly(first, text, found))) return { id: first.id, person: first };
  if (first) {
    const some = found.slice(0, NAMED).map((person) => `${person.name} (${person.email})`);
    const more = found.length > NAMED ? " and others" : "";
    return { message: `“${text}” could be ${some.join(", ")}${more}. Search for one of the e-mail addresses.` };
  }
  if (await store.hasDecisionsOf(text)) return { id: text };
  return { message: `Nobody called “${text}” has logged in here.` };
}

/** Whether a text can mean nobody but this person: an id or an address, or the name of one person only. */
function isExactly(person: Colleague, text: string, found: readonly Colleague[]): boolean {
  const isCalled = (value: string) => value.toLowerCase() === text.toLowerCase();
  if (person.id === text || isCalled(person.email)) return true;
  return found.filter(({ name }) => isCalled(name)).length === 1 && isCalled(person.name);
}
