import type { Colleague, People } from "../../directory/people.js";
import { spanOf } from "./periods.js";
import { findPerson } from "./person.js";
import type { AuditSearch } from "./query.js";
import type { Search } from "./search.js";
import type { DecisionStore } from "./store.js";

/** What a query string asks for. */
export type Resolved =
  | {
      readonly search: Search;
      /** The person that it is about, as far as they are known; `undefined` when it is about none or nobody. */
      readonly person?: Colleague | undefined;
      readonly message?: undefined;
    }
  /** It names no person or contact, or several: what to tell the user. */
  | { readonly message: string };

/**
 * Finds the person, the contacts and the time that a query names.
 *
 * @param zone - the time zone of its period
 */
export async function resolveSearch(
  { people, store }: { readonly people: People; readonly store: DecisionStore },
  query: AuditSearch,
  zone: string,
  now = new Date(),
): Promise<Resolved> {
  const { person: personText, contact, action, effect, outcome, asked, period } = query;
  const person = personText === undefined ? undefined : await findPerson(people, store, personText);
  if (person && "message" in person) return { message: person.message };
  const contactIds = contact && (contact.id ? [contact.id] : await contactsNamed(store, contact.name ?? ""));
  if (typeof contactIds === "string") return { message: contactIds };
  const { from, to } = period ? { to: undefined, ...spanOf(period, now, zone) } : query;
  const search: Search = {
    ...{ personId: person?.id, contactIds, action, effect, outcome, from, to },
    asked: asked === "any" ? undefined : asked,
  };
  return { search, person: person?.person };
}

/** The ids of the contacts that are meant by a name, or what to tell the user when there are none or too many. */
async function contactsNamed(store: DecisionStore, name: string): Promise<readonly string[] | string> {
  const { ids, areMore } = await store.contactNames.matching(name);
  if (areMore) return `More than ${ids.length} contacts are called “${name}”. Enter more of the name.`;
  return ids.length > 0 ? ids : `No contact is or was called “${name}”, as far as the names are still known.`;
}
