import type { Request } from "express";
import { encryption } from "../encryption.js";

/** What a logout at Okta needs: the ID token says whose session ends, the others are revoked. */
const NEEDED = ["id_token", "access_token", "refresh_token"];

/** The tokens of a login, for its logout. */
export type Tokens = Readonly<Record<string, unknown>>;

/** Keeps the tokens of a login until its logout, so that nobody can use them who reads the session in the database. */
export interface LogoutTokens {
  /** The tokens that a logout needs, encrypted. */
  seal(tokens: Tokens): Promise<string>;
  /** What Okta's middleware needs of a request's login for its logout; `undefined` when there is none, or it cannot be read. */
  of(req: Request): Promise<{ readonly tokens: Tokens } | undefined>;
}

/** @param secret - the same for all processes */
export function logoutTokens(secret: string): LogoutTokens {
  const { encrypt, decrypt } = encryption(secret, "tokens for logout");
  return {
    seal: (tokens) => encrypt(JSON.stringify(Object.fromEntries(NEEDED.map((name) => [name, tokens[name]])))),
    async of(req) {
      const sealed = req.session?.login?.tokens;
      const text = sealed && (await decrypt(sealed));
      return text ? { tokens: JSON.parse(text) } : undefined;
    },
  };
}
