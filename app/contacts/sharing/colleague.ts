import type { Colleague, People, Recipient } from "../../directory/people.js";
import { ProblemError } from "../../problems.js";

/**
 * The colleague with an e-mail address, who can be given contacts.
 *
 * @throws {@link ProblemError} 422 when nobody or several people have it, when it is not known to be theirs, or when they have
 *   no role
 */
export async function colleagueWithEmail(people: People, email: string): Promise<Recipient> {
  const { areOfDirectory } = people;
  const [found, ...others] = await people.byEmail(email);
  if (!found) throw unknownColleague(areOfDirectory);
  if (others.length > 0) throw ambiguousColleague(areOfDirectory);
  if (!found.emailIsVerified) throw unverifiedColleague(areOfDirectory);
  if (found.roles.length === 0) throw colleagueWithoutRole(found);
  return found;
}

/** The error for a colleague who cannot be given a contact: 422. @param message - why */
export function refused(message: string): ProblemError {
  return new ProblemError(422, "Invalid input", message, { fields: { email: message } });
}

/**
 * The error for an e-mail address that no known user has: 422.
 *
 * @param areOfDirectory - whether users are known from the directory, rather than from logins
 */
function unknownColleague(areOfDirectory: boolean): ProblemError {
  return refused(
    areOfDirectory
      ? "Nobody in Okta's directory has this e-mail address."
      : "Nobody with this e-mail address has logged in yet. A colleague must have logged in here once before.",
  );
}

/** The error for an e-mail address that several users have: 422. Nobody is guessed: the contact could reach the wrong one. */
function ambiguousColleague(areOfDirectory: boolean): ProblemError {
  const who = areOfDirectory ? "Several people in Okta's directory have" : "Several people have logged in with";
  return refused(`${who} this e-mail address. Ask an administrator whose it is.`);
}

/** The error for an e-mail address that is not known to be the user's: 422. */
function unverifiedColleague(areOfDirectory: boolean): ProblemError {
  return refused(
    areOfDirectory
      ? "Okta's directory is still being read, so it is not known yet whether another user has this e-mail address. Try again in a few minutes."
      : "Okta has not confirmed yet that this e-mail address is theirs. They must confirm it there, and log in here again.",
  );
}

/** The error for a colleague without roles, who could not use the contact: 422. */
export function colleagueWithoutRole({ name }: Colleague): ProblemError {
  return refused(`${name} has no role in this CRM.`);
}
