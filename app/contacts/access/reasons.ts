import type { Decision } from "../../../middleware/index.js";
import type { Contact } from "../contact.js";

/** Why a person may do something with a contact: what they are to it, or the name of a rule that only the policy knows. */
export type Reason = { readonly relation: Relation } | { readonly rule: string };

/** What a person can be to a contact, the closest first. */
export const relations = ["owner", "shared", "manager", "team", "administrator", "everyone"] as const;
export type Relation = (typeof relations)[number];

/** What each rule of policies/contact.yaml that lets people see contacts goes by, with the derived role that it needs. */
const rulesThatShow: Readonly<Record<string, readonly { readonly relation: Relation; readonly role?: string }[]>> = {
  "users-see-their-own-and-what-is-shared-with-them": [
    { relation: "owner", role: "owner" },
    { relation: "shared", role: "viewer" },
  ],
  "managers-see-and-hand-over-what-their-reports-own": [{ relation: "manager" }],
  "users-see-what-is-their-teams": [{ relation: "team" }],
  "users-see-what-is-everyones": [{ relation: "everyone" }],
  "admins-do-everything-with-any": [{ relation: "administrator" }],
};

/**
 * Why the user of a request may read a contact: what the PDP says of the decision that let them in. It is not guessed: a rule
 * that is not known here is named as the policy names it.
 *
 * @param decisions - those of the request
 * @returns the closest relation first; empty when the PDP has not said why
 */
export function reasonsToRead(decisions: readonly Decision[], { id }: Pick<Contact, "id">): Reason[] {
  const isOfGuard = ({ kind, action, resourceId, allowed, metadata }: Decision) =>
    kind === "contact" && action === "read" && resourceId === id && allowed && metadata !== undefined;
  const { rules = [], derivedRoles = [] } = decisions.findLast(isOfGuard)?.metadata ?? {};
  const found = rules.flatMap((rule): Reason[] => {
    const known = Object.hasOwn(rulesThatShow, rule) ? rulesThatShow[rule] : undefined;
    if (!known) return [{ rule }];
    const applying = known.filter(({ role }) => role === undefined || derivedRoles.includes(role));
    return applying.map(({ relation }) => ({ relation }));
  });
  const placeOf = (reason: Reason) => ("relation" in reason ? relations.indexOf(reason.relation) : relations.length);
  return found.sort((a, b) => placeOf(a) - placeOf(b));
}

/** A part of a sentence, before and after a name that stands by itself. */
export interface SentencePart {
  readonly text: string;
  /** Is followed by `after`. Default: no name. */
  readonly name?: string;
  readonly after?: string;
}

/**
 * A reason, as it goes on after `You see this because`.
 *
 * @param ownerName - of the contact's owner
 */
export function reasonSentence(reason: Reason, { department }: Contact, ownerName: string): SentencePart {
  if ("rule" in reason) return { text: "the policy has the rule ", name: reason.rule };
  return {
    owner: { text: "you own it" },
    shared: { text: "it is shared with you" },
    manager: { text: "", name: ownerName, after: " reports to you" },
    team: { text: "you are in the ", name: department, after: " team, which sees it" },
    administrator: { text: "you are an administrator" },
    everyone: { text: "everyone with a role sees it" },
  }[reason.relation];
}
