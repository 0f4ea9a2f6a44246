import type { Request } from "express";
import type { Principal } from "../../../middleware/index.js";
import { visibilities } from "../../db/schema.js";
import type { KnownPrincipal, Principals } from "../../directory/principals/store.js";
import type { Contact } from "../contact.js";
import { type Access, accessActions } from "./actions.js";
import { askAs } from "./ask.js";
import { type Audiences, audiencesOf, visibilityStates } from "./audience.js";
import { type Survey, type Surveyed, surveyAccess } from "./survey.js";

/** How many people a panel names, at most; the others are found by a search. */
const MAX_NAMED = 50;
/** How many people a search finds, at most. */
const MAX_FOUND = 20;

/** What people are to a contact, in the order in which the panel has it. */
export const standings = [
  "owner",
  "editor",
  "viewer",
  "manager",
  "administrator",
  "team",
  "everyone",
  "role",
  // Those may do nothing, whatever policies say.
  "no role",
  "not active",
  "not known",
] as const;
export type Standing = (typeof standings)[number];

export interface PanelPerson {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** People who are the same to a contact, and may do the same with it. */
export interface PanelGroup {
  readonly standing: Standing;
  readonly may: Access;
  readonly count: number;
  /** Some of them, by name; all, where their number is `count`. */
  readonly people: readonly PanelPerson[];
}

/** Who may do what with a contact. */
export interface Panel extends Pick<Survey, "withoutRole" | "inactive" | "unread" | "notAsked"> {
  readonly groups: readonly PanelGroup[];
  /** How many see it now, and would with another visibility. */
  readonly audiences: Audiences;
  /** How many have a role, and may do nothing with the contact all the same. */
  readonly refused: number;
  /** About how many others the PDP cannot decide, so that they may do nothing. */
  readonly undecided: number;
}

/** What one person may do with a contact. */
export interface PersonAccess extends PanelPerson {
  readonly standing: Standing;
  readonly may: Access;
}

const nothing: Access = { read: false, update: false, share: false, transfer: false, delete: false };

/** Who may do what with a contact, by the PDP. @throws what `req.authz.canEach()` throws */
export async function readPanel(req: Request, principals: Principals, contact: Contact): Promise<Panel> {
  const survey = await surveyAccess(req, principals, visibilityStates(contact), accessActions);
  const present = visibilities.indexOf(contact.visibility);
  const groups = new Map<string, { standing: Standing; may: Access; count: number; ids: string[] }>();
  const add = (standing: Standing, may: Access, { count, ids }: Pick<Surveyed, "count" | "ids">) => {
    const key = JSON.stringify([standing, accessActions.map((action) => may[action])]);
    const group = groups.get(key) ?? { standing, may, count: 0, ids: [] };
    group.count += count;
    group.ids.push(...(ids ?? []));
    groups.set(key, group);
  };
  let [refused, undecided] = [0, 0];
  for (const one of survey.people) {
    const may = one.may?.[present] ?? nothing;
    // Of those whom the contact does not name only those count who may do something.
    if (one.person || accessActions.some((action) => may[action])) add(standingOf(contact, one), may, one);
    else if (one.may) refused += one.count;
    else undecided += one.count;
  }
  for (const person of survey.absent) add(standingOf(contact, { person }), nothing, { count: 1, ids: [person.id] });
  const { withoutRole, inactive, unread, notAsked } = survey;
  const sorted = [...groups.values()].sort((a, b) => standings.indexOf(a.standing) - standings.indexOf(b.standing));
  const audiences = audiencesOf(survey, contact);
  return {
    groups: await withNames(principals, sorted),
    audiences,
    refused,
    undecided,
    withoutRole,
    inactive,
    unread,
    notAsked,
  };
}

/** Names people in the order of the groups, up to the limit; nobody of a group of which not all ids are there. */
async function withNames(
  principals: Principals,
  groups: readonly { standing: Standing; may: Access; count: number; ids: readonly string[] }[],
): Promise<PanelGroup[]> {
  let left = MAX_NAMED;
  const shown = groups.map(({ ids, ...group }) => {
    const named = ids.length === group.count ? ids.slice(0, left) : [];
    left -= named.length;
    return { ...group, named };
  });
  const known = await principals.byIds(shown.flatMap(({ named }) => named));
  return shown.map(({ named, ...group }) => ({
    ...group,
    people: named
      .flatMap((id) => known.get(id) ?? [])
      .map(shownPerson)
      .sort(byName),
  }));
}

/**
 * What the people may do with a contact whom a text can mean. Those without a role are found by their whole address or id
 * alone.
 *
 * @throws what `req.authz.canEach()` throws
 */
export async function findAccess(
  req: Request,
  principals: Principals,
  contact: Contact,
  text: string,
): Promise<{ readonly people: readonly PersonAccess[]; readonly hasMore: boolean }> {
  const matching = await principals.matching(text, MAX_FOUND + 1);
  const people: PersonAccess[] = [];
  for (const person of matching.slice(0, MAX_FOUND)) {
    const { standing } = person;
    const answers = typeof standing === "object" && (await askAs(req, standing, [contact], accessActions));
    const [may = nothing] = answers || [];
    people.push({ ...shownPerson(person), standing: standingOf(contact, { person }), may });
  }
  return { people, hasMore: matching.length > MAX_FOUND };
}

/** What people are to a contact: what is said of them, not what follows from it. */
function standingOf(
  contact: Contact,
  { person, principal }: Partial<Pick<Surveyed, "person" | "principal">>,
): Standing {
  if (person && person.id === contact.ownerId) return "owner";
  if (person?.standing === "inactive") return "not active";
  if (person?.standing === "unread") return "not known";
  const { id, roles, attr = {} } = principal ?? (typeof person?.standing === "object" ? person.standing : noPrincipal);
  if (roles.length === 0) return "no role";
  if (roles.includes("admin")) return "administrator";
  if (contact.editors.includes(id)) return "editor";
  if (contact.sharedWith.includes(id)) return "viewer";
  if (contact.managers.includes(id)) return "manager";
  const isOfTeam = contact.department !== "" && attr.department === contact.department;
  if (contact.visibility === "team" && isOfTeam) return "team";
  return contact.visibility === "everyone" ? "everyone" : "role";
}

const noPrincipal: Principal = { id: "", roles: [] };

function shownPerson({ id, name, email }: KnownPrincipal): PanelPerson {
  return { id, name, email };
}

function byName(a: PanelPerson, b: PanelPerson): number {
  return a.name.localeCompare(b.name, "en") || (a.id < b.id ? -1 : 1);
}
