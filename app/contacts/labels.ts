import type { Contact, Field } from "./contact.js";

/** What users read beside each field. */
export const fieldLabels: Readonly<Record<Field | "tags", string>> = {
  firstName: "First name",
  lastName: "Last name",
  email: "E-mail",
  phone: "Phone",
  company: "Company",
  title: "Title",
  tags: "Tags",
  notes: "Notes",
};

/** First and last name, as one text. */
export function nameOf({ firstName, lastName }: Pick<Contact, "firstName" | "lastName">): string {
  return `${firstName} ${lastName}`.trim();
}

/** Who sees a contact, in words. */
export function visibilityOf({ visibility, department }: Pick<Contact, "visibility" | "department">): string {
  if (visibility === "everyone") return "Visible to everyone";
  if (visibility === "private") return "Private";
  return department ? `Visible to the ${department} team` : "Visible to a team, but its owner's is not known";
}

/** Why the user sees a contact in a list, in a word or two; empty where everyone does. */
export function accessOf(contact: Contact, personId: string | undefined): string {
  const { ownerId, sharedWith, visibility, managers } = contact;
  if (ownerId === personId) return "Yours";
  if (personId && sharedWith.includes(personId)) return "Shared with you";
  if (visibility !== "everyone" && personId && managers.includes(personId)) return "Your report's";
  return { everyone: "", team: "Team", private: "Private" }[visibility];
}

/**
 * The message above a form that has errors.
 *
 * @param errors - messages by field
 */
export function summaryOf(errors: Readonly<Record<string, string>>): string {
  const count = Object.keys(errors).length;
  return count === 1 ? "One field needs your attention." : `${count} fields need your attention.`;
}
