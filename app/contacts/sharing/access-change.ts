import { z } from "zod";
import type { Colleague } from "../../directory/people.js";
import { isEmailAddress } from "../../email-address.js";
import { ProblemError } from "../../problems.js";
import { type Contact, type Visibility, visibility } from "../contact.js";
import type { AccessChange } from "../store.js";
import { refused } from "./colleague.js";

/** Each question to the PDP about a contact sends the ids of all these people. */
const MAX_PEOPLE_PER_CONTACT = 100;

const email = z
  .string("Enter an e-mail address.")
  .trim()
  .refine(isEmailAddress, "Enter the e-mail address of a colleague.");

/** The input for sharing: the colleague's e-mail address, and whether they may only see the contact or change it too. */
export const shareInput = z.object({ email, as: z.enum(["viewer", "editor"], "Must be viewer or editor.") });
/** The input for no longer sharing: the colleague's user id. */
export const unshareInput = z.object({ userId: z.string("Must be a user id.").min(1, "Must be a user id.") });
/** The input for a change of visibility. */
export const visibilityInput = z.object({ visibility });
/** The input for a transfer: the e-mail address of the new owner. */
export const transferInput = z.object({ email });

/**
 * The change that shares a contact with a colleague, as viewer or editor. If it is shared with them already, this is what
 * they are from now on.
 *
 * @param actorId - id of the user who shares it
 * @throws {@link ProblemError} 422 when the colleague is the owner or this user, or when it is shared with 100 people
 */
export function shareChange(contact: Contact, { id, name }: Colleague, as: "viewer" | "editor", actorId: string) {
  if (id === contact.ownerId) {
    throw refused(`${id === actorId ? "You own" : `${name} owns`} this contact already. Share it with somebody else.`);
  }
  if (id === actorId) throw refused("This is you. Share the contact with somebody else.");
  const { sharedWith, editors } = contact;
  const isNew = !sharedWith.includes(id);
  if (isNew && sharedWith.length >= MAX_PEOPLE_PER_CONTACT) {
    throw refused(
      `A contact can be shared with at most ${MAX_PEOPLE_PER_CONTACT} people. Let everyone or the team see it instead.`,
    );
  }
  return {
    sharedWith: isNew ? [...sharedWith, id] : sharedWith,
    editors: as === "viewer" ? without(contact, id).editors : editors.includes(id) ? editors : [...editors, id],
  } satisfies AccessChange;
}

/**
 * The change after which a contact is no longer shared with a colleague.
 *
 * @throws {@link ProblemError} 422 when it is not shared with them
 */
export function unshareChange(contact: Contact, userId: string) {
  if (!contact.sharedWith.includes(userId)) {
    throw invalid({ userId: "The contact is not shared with this person." });
  }
  return without(contact, userId) satisfies AccessChange;
}

/**
 * The change of who sees a contact.
 *
 * @throws {@link ProblemError} 422 when it would be a team's, and it is not known which
 */
export function visibilityChange(contact: Contact, visibility: Visibility) {
  if (visibility === "team" && contact.visibility !== "team" && contact.department === "") {
    throw invalid({
      visibility: "The owner's department is not known, so no team could view it. Keep it private instead.",
    });
  }
  return { visibility } satisfies AccessChange;
}

/**
 * The change that makes a colleague the owner of a contact. It belongs to their department then, and is not shared with
 * them any more.
 *
 * @param actorId - id of the user who transfers it
 * @throws {@link ProblemError} 422 when it is theirs already
 */
export function transferChange(
  contact: Pick<Contact, "ownerId" | "sharedWith" | "editors">,
  { id, name, department }: Pick<Colleague, "id" | "name" | "department">,
  actorId: string,
) {
  if (id === contact.ownerId) throw refused(`${id === actorId ? "You own" : `${name} owns`} this contact already.`);
  return { ownerId: id, department, ...without(contact, id) } satisfies AccessChange;
}

function without({ sharedWith, editors }: Pick<Contact, "sharedWith" | "editors">, userId: string) {
  return { sharedWith: sharedWith.filter((id) => id !== userId), editors: editors.filter((id) => id !== userId) };
}

function invalid(fields: Record<string, string>): ProblemError {
  return new ProblemError(422, "Invalid input", Object.values(fields).join(" "), { fields });
}
