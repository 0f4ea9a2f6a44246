import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Colleague } from "../../directory/people.js";
import { ProblemError } from "../../problems.js";
import { type Contact, visibility } from "../contact.js";
import type { AccessChange } from "../store.js";

/** Policies are sent the ids with every question about the contact. */
const MAX_PEOPLE_PER_CONTACT = 100;

const email = z
  .string("Enter an e-mail address.")
  .trim()
  .refine((value) => z.email().safeParse(value).success, "Enter the e-mail address of a colleague.");

/** Whom a contact is to be shared with, and what they may do: see it, or change it too. */
export const shareInput = z.object({ email, as: z.enum(["viewer", "editor"], "Must be viewer or editor.") });
export const unshareInput = z.object({ userId: z.string("Must be a user id.").min(1, "Must be a user id.") });
export const visibilityInput = z.object({ visibility });
/** Whom a contact is to be given to. */
export const transferInput = z.object({ email });

/**
 * The contact shared with a colleague, as viewer or editor. For a colleague who has access already, this replaces it.
 *
 * @throws {@link ProblemError} 422 when it is theirs, or they are the one who shares it
 */
export function sharing(contact: Contact, { id, name }: Colleague, as: "viewer" | "editor", actorId: string) {
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
 * The contact no longer shared with a colleague.
 *
 * @throws {@link ProblemError} 422 when it is not
 */
export function unshared(contact: Contact, userId: string) {
  if (!contact.sharedWith.includes(userId)) {
    throw invalid({ userId: "The contact is not shared with this person." });
  }
  return without(contact, userId) satisfies AccessChange;
}

/**
 * The contact given to a colleague: it belongs to their department, and is no longer shared with them.
 *
 * @throws {@link ProblemError} 422 when it is theirs already
 */
export function transferred(contact: Contact, { id, name, department }: Colleague, actorId: string) {
  if (id === contact.ownerId) throw refused(`${id === actorId ? "You own" : `${name} owns`} this contact already.`);
  return { ownerId: id, department, ...without(contact, id) } satisfies AccessChange;
}

/** Nobody who has logged in has the address. */
export function unknownColleague(): ProblemError {
  return refused(
    "Nobody with this e-mail address has logged in yet. A colleague must have logged in here once before.",
  );
}

/** What they were given they could not use, and who gave it would not be told. */
export function withoutRole({ name }: Colleague): ProblemError {
  return refused(`${name} has no role in this CRM.`);
}

/** Whether a contact is already as a change would make it. */
export function changesNothing(contact: Contact, change: AccessChange): boolean {
  return isDeepStrictEqual({ ...contact, ...change }, contact);
}

function without({ sharedWith, editors }: Contact, userId: string) {
  return { sharedWith: sharedWith.filter((id) => id !== userId), editors: editors.filter((id) => id !== userId) };
}

function refused(message: string): ProblemError {
  return invalid({ email: message });
}

function invalid(fields: Record<string, string>): ProblemError {
  return new ProblemError(422, "Invalid input", Object.values(fields).join(" "), { fields });
}
