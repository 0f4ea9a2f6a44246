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
 * Finds a person by user id, e-mail address, name or a part of a name; case and accents do not matter, but for the id. A
 * person who has decisions but has never logged in is found by the id alone.
 */
export async function findPerson(people: People, store: DecisionStore, text: string): Promise<PersonMatch> {
  if (text.toLowerCase() === NOBODY) return { id: null };
  const found = await people.matching(text, MAX_PEOPLE_LISTED + 1);
  const [first] = found;
  if (first) {
    // Who has the id, address or name that was given is meant, even where it is a part of another's name.
    const meant = found.filter(({ by }) => by === first.by);
    if (meant.length === 1) return { id: first.person.id, person: first.person };
    const listed = meant.slice(0, MAX_PEOPLE_LISTED);
    // By an address only those are found who have it now.
    const areIds = first.by === "email" || listed.some(({ isGone }) => isGone);
    const [what, key] = areIds ? (["ids", "id"] as const) : (["e-mail addresses", "email"] as const);
    const names = listed.map(({ person, isGone }) => `${person.name} (${person[key]}${isGone ? ", deactivated" : ""})`);
    const more = meant.length > MAX_PEOPLE_LISTED ? " and others" : "";
    return { message: `“${text}” could be ${names.join(", ")}${more}. Search for one of the ${what}.` };
  }
  if (await store.hasDecisionsOf(text)) return { id: text };
  return {
    message: `Nobody called “${text}” ${people.areOfDirectory ? "is in the directory" : "has logged in here"}.`,
  };
}
