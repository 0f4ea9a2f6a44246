import type { Request } from "express";
import type { Principal } from "../../../middleware/index.js";
import { isStorable } from "../../db/database.js";
import type { KnownPrincipal, Principals } from "../../directory/principals/store.js";
import { ProblemError } from "../../problems.js";
import { type Access, accessText } from "../access/actions.js";
import type { SeenContact } from "../resource.js";
import { accessOfPrincipal } from "./recipient.js";

/** How many colleagues are suggested at a time. */
const MAX_SUGGESTED = 10;
/** Shorter texts would find too many. */
const MIN_SEARCH_LENGTH = 2;

/** A colleague who can be named. */
export interface NamedColleague {
  readonly name: string;
  readonly email: string;
}

/** A colleague among several whom a text can mean, and what they could do. */
export interface ColleagueChoice extends NamedColleague {
  /** Such as `could view and edit it`; or why they cannot be chosen. Empty: that is not asked yet. */
  readonly note: string;
  readonly isUsable: boolean;
}

/** The colleagues whom a text can mean, and whether there are more. */
export interface FoundColleagues<C> {
  readonly colleagues: readonly C[];
  readonly hasMore: boolean;
}

/**
 * The colleagues with a role in whose name or e-mail address a text occurs, by name: those alone whose address is known to be
 * theirs, so that it can name them.
 *
 * @param text - of two characters or more; shorter ones find nobody
 */
export async function findColleagues(principals: Principals, text: string): Promise<FoundColleagues<NamedColleague>> {
  const { colleagues, hasMore } = await findNamed(principals, text);
  return { colleagues: colleagues.map(({ name, email }) => ({ name, email })), hasMore };
}

/**
 * The same, each with what they could do. The PDP is asked about each of them.
 *
 * @param outcome - what it would come to to choose a colleague: the contact as it would be, and whether it would work. It may
 *   throw ProblemError 422
 * @throws what `req.authz.canEach()` throws
 */
export async function colleagueChoices(
  req: Request,
  principals: Principals,
  text: string,
  outcome: ChoiceOutcome,
): Promise<FoundColleagues<ColleagueChoice>> {
  const { colleagues, hasMore } = await findNamed(principals, text);
  const choices: ColleagueChoice[] = [];
  for (const colleague of colleagues) choices.push(await choiceOf(req, colleague, outcome));
  return { colleagues: choices, hasMore };
}

/** What a form says of a text that is no e-mail address. @param choices - whom it can mean */
export function choiceMessage(text: string, choices: FoundColleagues<object>): string {
  if ([...text].length < MIN_SEARCH_LENGTH) return "Enter a colleague's name or e-mail address.";
  if (choices.colleagues.length > 0) return "Choose the colleague whom you mean.";
  return "No colleague with a role has this in their name or e-mail address.";
}

/** What it would come to to choose a colleague; see {@link colleagueChoices}. */
export interface ChoiceOutcome {
  readonly given: (colleague: KnownPrincipal) => Promise<SeenContact>;
  readonly assertUsable: (colleague: KnownPrincipal, may: Access) => void;
}

interface RolePrincipal extends KnownPrincipal {
  readonly standing: Principal;
}

async function findNamed(principals: Principals, text: string): Promise<FoundColleagues<RolePrincipal>> {
  if ([...text].length < MIN_SEARCH_LENGTH || !isStorable(text)) return { colleagues: [], hasMore: false };
  const matching = await principals.matching(text, MAX_SUGGESTED + 1);
  const isUsable = (person: KnownPrincipal): person is RolePrincipal =>
    typeof person.standing === "object" && person.standing.roles.length > 0 && person.emailIsVerified;
  return {
    colleagues: matching.slice(0, MAX_SUGGESTED).filter(isUsable),
    hasMore: matching.length > MAX_SUGGESTED,
  };
}

async function choiceOf(req: Request, colleague: RolePrincipal, outcome: ChoiceOutcome): Promise<ColleagueChoice> {
  const { name, email } = colleague;
  try {
    const may = await accessOfPrincipal(req, colleague.standing, await outcome.given(colleague));
    outcome.assertUsable(colleague, may);
    return { name, email, note: `could ${accessText(may)} it`, isUsable: true };
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 422) throw error;
    return { name, email, note: error.message, isUsable: false };
  }
}
