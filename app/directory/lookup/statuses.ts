/**
 * Okta's statuses of users who can log in. Who has forgotten a password, or has to change it, is still who they are; and so
 * is who is locked out, as otherwise a stranger could throw users out by guessing their passwords.
 *
 * @see https://developer.okta.com/docs/concepts/user-statuses/
 */
const ACTIVE_STATUSES: ReadonlySet<string> = new Set(["ACTIVE", "RECOVERY", "PASSWORD_EXPIRED", "LOCKED_OUT"]);

/** Whether a user with a status of Okta's can log in. Not with STAGED, PROVISIONED, SUSPENDED and the like, nor with an unknown word. */
export function isActive(status: string | null): boolean {
  return status !== null && ACTIVE_STATUSES.has(status);
}
