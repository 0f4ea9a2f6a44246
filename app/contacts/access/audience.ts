import type { Request } from "express";
import { visibilities } from "../../db/schema.js";
import type { Principals } from "../../directory/principals/store.js";
import type { Contact, Visibility } from "../contact.js";
import type { SeenContact } from "../resource.js";
import { type Survey, surveyAccess } from "./survey.js";

/** How many people, at most, are named who would lose sight of a contact. */
const MAX_NAMED_LOSERS = 5;

/** How many people see a contact with a visibility, and who would gain and lose sight of it if it had that from now on. */
export interface Audience {
  readonly readers: number;
  readonly gained: number;
  readonly lost: number;
}
export type Audiences = Readonly<Record<Visibility, Audience>>;

/** The states of a contact with each visibility, for {@link audiencesOf}. */
export function visibilityStates(contact: SeenContact): SeenContact[] {
  return visibilities.map((visibility) => ({ ...contact, visibility }));
}

/** How many people see a contact with each visibility. @param survey - of {@link visibilityStates} */
export function audiencesOf({ people }: Survey<"read">, contact: Pick<Contact, "visibility">): Audiences {
  const now = visibilities.indexOf(contact.visibility);
  const audiences = visibilities.map((visibility, then) => {
    const sumOf = (isMeant: (before: boolean, after: boolean) => boolean) =>
      people
        .filter(({ may }) => isMeant(may?.[now]?.read === true, may?.[then]?.read === true))
        .reduce((sum, { count }) => sum + count, 0);
    const audience: Audience = {
      readers: sumOf((_, after) => after),
      gained: sumOf((before, after) => !before && after),
      lost: sumOf((before, after) => before && !after),
    };
    return [visibility, audience] as const;
  });
  return Object.fromEntries(audiences) as Audiences;
}

/** An audience, and the names of those who would lose sight of the contact, where they are few; empty where they are not. */
export interface NamedAudience extends Audience {
  readonly losers: readonly string[];
}

/** How many people see a contact with each visibility, by the PDP. @throws what `req.authz.canEach()` throws */
export async function readAudiences(
  req: Request,
  principals: Principals,
  contact: Contact,
): Promise<Readonly<Record<Visibility, NamedAudience>>> {
  const survey = await surveyAccess(req, principals, visibilityStates(contact), ["read"]);
  const audiences = audiencesOf(survey, contact);
  const ids = visibilities.map((visibility, then) =>
    audiences[visibility].lost <= MAX_NAMED_LOSERS
      ? losersIn(survey, visibilities.indexOf(contact.visibility), then)
      : [],
  );
  const known = await principals.byIds([...new Set(ids.flat())]);
  const named = visibilities.map((visibility, n) => {
    const losers = (ids[n] ?? []).flatMap((id) => known.get(id)?.name ?? []).sort((a, b) => a.localeCompare(b, "en"));
    const audience: NamedAudience = { ...audiences[visibility], losers };
    return [visibility, audience] as const;
  });
  return Object.fromEntries(named) as Readonly<Record<Visibility, NamedAudience>>;
}

/** The ids of those who see a contact in one state and not in another. */
function losersIn({ people }: Survey<"read">, before: number, after: number): string[] {
  return people.flatMap(({ may, ids }) => (may?.[before]?.read && !may[after]?.read ? (ids ?? []) : []));
}
