import type { Request } from "express";
import type { Principal } from "../../../middleware/index.js";
import { keyOf, type PrincipalKind } from "../../directory/principals/kinds.js";
import type { KnownPrincipal, Principals } from "../../directory/principals/store.js";
import type { SeenContact } from "../resource.js";
import type { AccessAction } from "./actions.js";
import { askAs } from "./ask.js";

/** How many questions are with the PDP at a time: it has other users too. */
const MAX_QUESTIONS = 5;
/** How many kinds of people the PDP is asked about, at most. */
const MAX_KINDS = 300;

/** People for whom the PDP has one answer: a person whom the contact names, or all others who are of a kind. */
export interface Surveyed<A extends AccessAction = AccessAction> {
  /** As whom it was asked. */
  readonly principal: Principal;
  /** The person whom the contact names; `undefined`: all others of a kind. */
  readonly person: KnownPrincipal | undefined;
  readonly count: number;
  /** The ids of all of them; `null`: they are too many to list. */
  readonly ids: readonly string[] | null;
  /** What they may do with each of the contacts that were asked about, in their order; `null`: see {@link askAs}. */
  readonly may: readonly Readonly<Record<A, boolean>>[] | null;
}

/** What all people may do with a contact. */
export interface Survey<A extends AccessAction = AccessAction> {
  readonly people: readonly Surveyed<A>[];
  /** Those whom the contact names and who have no access now: they are not active, or it is not known who they are. */
  readonly absent: readonly KnownPrincipal[];
  /** How many others have no role, and so may do nothing. */
  readonly withoutRole: number;
  /** How many others are not active in Okta. */
  readonly inactive: number;
  /** How many others have not been read from Okta yet. */
  readonly unread: number;
  /** How many others were not asked about, as they are of too many kinds. */
  readonly notAsked: number;
}

/** The ids of all whom policies can tell from others by what the contact says. */
function idsIn({ ownerId, sharedWith, editors, managers }: SeenContact): string[] {
  return [ownerId, ...sharedWith, ...editors, ...managers];
}

/**
 * What all people may do with a contact, or with several states of it. The PDP is asked about each person whom the contact
 * names. Of the others policies see nothing but their roles and attributes: so it is asked about one of each kind.
 *
 * @param states - of one contact
 * @throws what {@link askAs} throws
 */
export async function surveyAccess<A extends AccessAction>(
  req: Request,
  principals: Principals,
  states: readonly SeenContact[],
  actions: readonly A[],
): Promise<Survey<A>> {
  const named = new Set(states.flatMap(idsIn));
  const [known, found] = await Promise.all([principals.byIds([...named]), principals.kinds()]);
  const persons = [...named].flatMap((id) => known.get(id) ?? []);
  const isPresent = (person: KnownPrincipal) => typeof person.standing === "object";
  const present = persons.filter(isPresent);
  const counted = persons.filter(({ isCounted }) => isCounted);
  const kinds = found.kinds.map((kind) => withoutNamed(kind, counted)).filter(({ count }) => count > 0);
  const withRoles = kinds.filter(({ principal }) => principal.roles.length > 0);
  const asked = [
    ...present.map((person) => ({ principal: person.standing as Principal, person, count: 1, ids: [person.id] })),
    ...withRoles.slice(0, MAX_KINDS).map((kind) => ({ ...kind, person: undefined })),
  ];
  const people: Surveyed<A>[] = [];
  for (let n = 0; n < asked.length; n += MAX_QUESTIONS) {
    const answered = asked.slice(n, n + MAX_QUESTIONS).map(async (one) => {
      return { ...one, may: await askAs(req, one.principal, states, actions) };
    });
    people.push(...(await Promise.all(answered)));
  }
  const namedOf = (standing: string) => counted.filter((person) => person.standing === standing).length;
  const sumOf = (some: readonly { readonly count: number }[]) => some.reduce((sum, { count }) => sum + count, 0);
  return {
    people,
    absent: persons.filter((person) => !isPresent(person)),
    withoutRole: sumOf(kinds) - sumOf(withRoles),
    inactive: Math.max(0, found.inactive - namedOf("inactive")),
    unread: Math.max(0, found.unread - namedOf("unread")),
    notAsked: found.others + sumOf(withRoles.slice(MAX_KINDS)),
  };
}

/** A kind without those whom the contact names. Its principal is one of the others. */
function withoutNamed(
  kind: PrincipalKind,
  named: readonly KnownPrincipal[],
): Pick<Surveyed, "principal" | "count" | "ids"> {
  const key = keyOf(kind.principal);
  const same = named.filter(({ standing }) => typeof standing === "object" && keyOf(standing) === key);
  const isNamed = new Set(same.map(({ id }) => id));
  const count = kind.count - same.length;
  const ids = kind.ids.filter((id) => !isNamed.has(id));
  // Where all whose ids are kept are named, the others have no id here. Policies cannot tell any of them from another.
  const principal = { ...kind.principal, id: ids[0] ?? "another person" };
  return { principal, count, ids: ids.length === count ? ids : null };
}
