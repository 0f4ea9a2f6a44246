import { ProblemError } from "../../problems.js";

/** The directory does not know who the user is now. Nothing is decided by what it knew earlier: 503. */
export class DirectoryUnavailableError extends ProblemError {
  constructor(title: string, detail: string, options?: ErrorOptions) {
    super(503, title, detail, { headers: { "Retry-After": "2" } });
    this.name = "DirectoryUnavailableError";
    if (options) this.cause = options.cause;
  }
}

/**
 * The error for a directory that has not followed Okta for too long.
 *
 * @param ageSeconds - for how long, in seconds; `null`: it never has
 */
export function outOfDate(ageSeconds: number | null): DirectoryUnavailableError {
  const since =
    ageSeconds === null ? "have not been read yet" : `have not been read for ${Math.floor(ageSeconds)} seconds`;
  return new DirectoryUnavailableError(
    "The directory is out of date",
    `Okta's latest changes ${since}, so it is not known who may do what now. Nothing was done. Try again in a moment.`,
  );
}

/** The error for a user who is not in the directory yet, or not with all attributes, and cannot be read from Okta now. */
export function userNotRead(cause: unknown): DirectoryUnavailableError {
  return new DirectoryUnavailableError(
    "Okta cannot be reached",
    "You are not in the directory yet, or not with all of your profile, and could not be looked up in Okta. Try again in a moment.",
    { cause },
  );
}
