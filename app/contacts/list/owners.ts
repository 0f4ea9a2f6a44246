import type { People } from "../../directory/people.js";
import { malformed } from "../../web/query-validation.js";
import { OWNER_GONE } from "./query.js";

/** A part of a name can be that of many people. */
const MAX_OWNERS = 20;

/** Whom the parameter `owner` of a list means. */
export interface MeantOwners {
  readonly ids: readonly string[];
  /** What they are called, where it is one person. */
  readonly name: string | undefined;
}

/**
 * Finds whom the parameter `owner` of a list means: by a user id, an e-mail address, a name, or a part of one. Who has the id,
 * address or name that was given is meant, even where it is a part of another's name.
 *
 * @returns `undefined` when it does not name people
 * @throws {@link ProblemError} 400 when more than twenty people can be meant
 */
export async function meantOwners(people: People, owner: string): Promise<MeantOwners | undefined> {
  if (owner === "" || owner === OWNER_GONE) return undefined;
  const found = await people.matching(owner, MAX_OWNERS + 1);
  const meant = found.filter(({ by }) => by === found[0]?.by);
  if (meant.length > MAX_OWNERS) {
    throw malformed({ owner: `is a part of more than ${MAX_OWNERS} people's names; give more of the name` });
  }
  // Of an owner whom nobody knows, such as a service of earlier days, the id is enough.
  const ids = meant.length > 0 ? meant.map(({ person }) => person.id) : [owner];
  return { ids, name: meant.length === 1 ? meant[0]?.person.name || undefined : undefined };
}
