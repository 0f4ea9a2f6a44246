import type { Contact } from "../contact.js";
import { listText } from "./actions.js";
import type { NamedAudience } from "./audience.js";
import type { Panel, Standing } from "./panel.js";

/** What people are called who are something to a contact. */
export function standingText(standing: Standing, { department }: Pick<Contact, "department">): string {
  return {
    owner: "Owner",
    editor: "Shared with, to edit",
    viewer: "Shared with, to view",
    manager: "Managers of the owner",
    administrator: "Administrators",
    team: `${department} team`,
    everyone: "Others with a role",
    role: "Others with a role",
    "no role": "Without a role",
    "not active": "Not active in Okta",
    "not known": "Not read from Okta yet",
  }[standing];
}

const ONLY_LOGINS =
  "Only people are known who have logged in here, each with the roles of their last login. What others may do is known when they log in.";

function number(count: number): string {
  return count.toLocaleString("en-GB");
}

/** `1 person`, `2 people`. */
export function peopleText(count: number): string {
  return `${number(count)} ${count === 1 ? "person" : "people"}`;
}

/** How many people see a contact with a visibility, in a sentence. @param isPresent - whether it is the one that it has */
export function audienceText({ readers, gained, lost, losers }: NamedAudience, isPresent: boolean): string {
  if (isPresent) return `${peopleText(readers)} can view it now.`;
  const changes = [...(gained > 0 ? [`${number(gained)} more`] : []), ...(lost > 0 ? [`${number(lost)} fewer`] : [])];
  const without = losers.length > 0 ? `: no longer ${listText(losers)}` : "";
  return `${peopleText(readers)} could view it, ${changes.length > 0 ? `${changes.join(" and ")} than now` : "as now"}${without}.`;
}

/** What a change of who sees a contact has come to, in sentences. */
export function audienceNotes({ gained, lost, losers }: NamedAudience): string[] {
  const who = losers.length > 0 ? listText(losers) : peopleText(lost);
  return [
    ...(gained > 0 ? [`${peopleText(gained)} more can view it.`] : []),
    ...(lost > 0 ? [`${who} can no longer view it.`] : []),
  ];
}

/**
 * What a panel cannot show in its table, in sentences.
 *
 * @param areOfDirectory - whether people come from the directory, rather than from logins
 */
export function panelNotes(panel: Panel, areOfDirectory: boolean): string[] {
  const { refused, undecided, withoutRole, inactive, unread, notAsked } = panel;
  const note = (count: number, one = "", many = "") =>
    count > 0 ? [`${peopleText(count)} ${count === 1 ? one : many}`] : [];
  return [
    ...note(refused, "has a role, and no access.", "have a role, and no access."),
    ...note(
      undecided,
      ...["has", "have"].map((verb) => `${verb} a profile that the policy cannot decide about, and no access.`),
    ),
    ...note(withoutRole, "has no role in this CRM.", "have no role in this CRM."),
    ...note(inactive, "is not active in Okta.", "are not active in Okta."),
    ...note(
      unread,
      ...["has", "have"].map((verb) => `${verb} not been read from Okta yet: what they may do is not known.`),
    ),
    ...note(
      notAsked,
      ...["was", "were"].map((verb) => `${verb} not asked about: people are of too many kinds. Find them by name.`),
    ),
    ...(areOfDirectory ? [] : [ONLY_LOGINS]),
  ];
}
