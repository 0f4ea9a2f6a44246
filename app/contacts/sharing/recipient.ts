import type { Request } from "express";
import type { Principal } from "../../../middleware/index.js";
import type { Person } from "../../auth/claims.js";
import type { People } from "../../directory/people.js";
import type { PersonNow } from "../../directory/people-now.js";
import { principalOfPerson } from "../../directory/principal.js";
import { type Access, accessActions, accessText } from "../access/actions.js";
import { askAs } from "../access/ask.js";
import type { SeenContact } from "../resource.js";
import { colleagueWithEmail, colleagueWithoutRole, refused } from "./colleague.js";

/** Finds the colleague with an e-mail address, as they are now. */
export type FindRecipient = (email: string) => Promise<Person>;

/**
 * Makes the function that finds a colleague who can be given contacts. Without a directory they have the roles of their last
 * login or access token, which is all that is known of them.
 *
 * The function throws ProblemError 422 when there is no such colleague or they have no role, and 503 when the directory cannot
 * say who they are now: nobody is given anything by what was known earlier.
 */
export function findRecipient(people: People, personNow: PersonNow): FindRecipient {
  return async (email) => {
    const found = await colleagueWithEmail(people, email);
    const person = await personNow(found.id);
    if (!person || person.roles.length === 0) throw colleagueWithoutRole(found);
    // Logins without a name are shown by their address.
    return { ...person, name: found.name };
  };
}

/**
 * What a colleague may do with a contact as it is, or as it would be. The PDP is asked about them, as who they are now.
 *
 * @throws ProblemError 422 when the PDP cannot decide about them, and what `askAs()` throws
 */
export function accessOfRecipient(req: Request, recipient: Person, contact: SeenContact): Promise<Access> {
  return accessOfPrincipal(req, principalOfPerson(recipient), contact);
}

/** The same of one who is known as a principal. */
export async function accessOfPrincipal(req: Request, principal: Principal, contact: SeenContact): Promise<Access> {
  const answers = await askAs(req, principal, [contact], accessActions);
  if (!answers)
    throw refused(
      "The policy cannot decide about this colleague: their profile does not fit it. Ask an administrator.",
    );
  return answers[0] as Access;
}

/** Makes sure that a colleague could do with a contact what it is shared for. @throws ProblemError 422 */
export function assertUsable({ name }: Pick<Person, "name">, may: Access, as: "viewer" | "editor"): void {
  if (!may.read) throw refused(`${name} could not view it with the roles that they have.`);
  if (as === "editor" && !may.update) {
    throw refused(`${name} could not edit it with the roles that they have. Let them view it instead.`);
  }
}

/** Makes sure that a colleague could use a contact that they own. @throws ProblemError 422 */
export function assertUsableByOwner({ name }: Pick<Person, "name">, may: Access): void {
  if (may.read && may.update) return;
  const lacks = may.read ? "edit" : "view";
  throw refused(`${name} could not ${lacks} it as its owner, with the roles that they have.`);
}

/** What a colleague may do, at the end of a sentence about them: `, who may view and edit it`. */
export function whoMay(may: Access): string {
  return `, who may ${accessText(may)} it`;
}
