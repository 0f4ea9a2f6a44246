import { randomBytes } from "node:crypto";

const LIFETIME_MS = 60_000;

/**
 * Okta's session tokens: each signs a user in once and without the sign-in page, as the parameter `sessionToken` of an
 * authorization request. At Okta its Authentication API issues them for a password; here nobody has one.
 */
export class SessionTokens {
  readonly #issued = new Map<string, { readonly login: string; readonly expiresAt: number }>();

  /** A token for a user, valid for a minute. */
  issue(login: string): string {
    const now = Date.now();
    for (const [token, { expiresAt }] of this.#issued) if (expiresAt <= now) this.#issued.delete(token);
    const token = randomBytes(24).toString("base64url");
    this.#issued.set(token, { login, expiresAt: now + LIFETIME_MS });
    return token;
  }

  /** The login of the user whom a token signs in, which it does not again; `undefined` when it is none, used or expired. */
  redeem(token: unknown): string | undefined {
    const found = typeof token === "string" ? this.#issued.get(token) : undefined;
    if (!found || typeof token !== "string") return undefined;
    this.#issued.delete(token);
    return found.expiresAt > Date.now() ? found.login : undefined;
  }
}
