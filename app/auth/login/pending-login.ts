import { createHash, randomBytes } from "node:crypto";
import { parseCookie } from "cookie";
import type { Request, Response } from "express";
import { z } from "zod";
import { cookieRules } from "../cookies.js";
import { encryption } from "../encryption.js";

/** How long a user may take at Okta, before the login is begun again. */
const LIFETIME_MS = 10 * 60_000;

/** How long the browser remembers where the user was going, so that a login that took too long still ends there. */
const COOKIE_LIFETIME_MS = 60 * 60_000;

/**
 * Size of all cookies of pending logins together. They go along with each request, and proxies refuse a header of more
 * than 8 KiB. Three logins with the longest `returnTo` fit, and about twenty usual ones.
 */
const MAX_COOKIES_BYTES = 7_500;

const pendingLogin = z.object({
  /** Names the login in Okta's answer (RFC 6749, section 10.12). */
  state: z.string(),
  /** Must be in the ID token (OpenID Connect Core 1.0, section 3.1.3.7). */
  nonce: z.string(),
  /** Proves that the code was issued for this login (RFC 7636). */
  codeVerifier: z.string(),
  /** Path of this app where the browser goes after the login. */
  returnTo: z.string(),
  /** Whether this login has been begun again by itself, which happens once. */
  isRetry: z.boolean(),
  /** How long ago the user may have been asked who they are, in seconds; absent when that may be any time. */
  maxAge: z.number().optional(),
  /** When it began, in ms since 1970. */
  at: z.number(),
});

/** A login for which a browser has been sent to Okta, and is not back yet. */
export type PendingLogin = Readonly<z.infer<typeof pendingLogin>>;

/** What one login says of itself. */
export type LoginOptions = Pick<PendingLogin, "returnTo" | "isRetry" | "maxAge">;

/**
 * Remembers logins under way in the browser, each in an encrypted cookie of its own: several tabs may log in at once,
 * whichever of them gets a session first, and visitors who never log in leave nothing in the database.
 */
export interface PendingLogins {
  /** Begins a login. The oldest ones are forgotten when there are too many. */
  begin(req: Request, res: Response, options: LoginOptions): Promise<PendingLogin>;
  /** The pending login that a request from Okta belongs to; `undefined` when this browser has begun none with that state. */
  find(req: Request): Promise<PendingLogin | undefined>;
  /** Forgets a login that has ended. */
  forget(res: Response, login: PendingLogin): void;
  /** Forgets all logins of a browser: one that was begun before a logout must not end after it. */
  forgetAll(req: Request, res: Response): void;
}

/** Whether a login has taken too long to be completed. */
export function isExpired({ at }: PendingLogin): boolean {
  return Date.now() - at > LIFETIME_MS;
}

/** The parameters of the authorization request by which Okta's answer is bound to the login (RFC 7636, section 4.3). */
export function authorizationParameters({ state, nonce, codeVerifier, maxAge }: PendingLogin): Record<string, string> {
  const challenge = createHash("sha256").update(codeVerifier).digest("base64url");
  return {
    state,
    nonce,
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...(maxAge !== undefined && { max_age: String(maxAge) }),
  };
}

/**
 * @param secret - encrypts the cookies; the same for all processes
 * @param https - whether the app's public address is https
 */
export function pendingLogins(secret: string, https: boolean): PendingLogins {
  const { encrypt, decrypt } = encryption(secret, "pending login");
  const { options: cookieOptions, ...rules } = cookieRules(https);
  const prefix = `${rules.prefix}gatehouse.login.`;

  async function decode(value: string | undefined): Promise<PendingLogin | undefined> {
    const text = value && (await decrypt(value));
    return text ? pendingLogin.safeParse(JSON.parse(text)).data : undefined;
  }

  const cookiesOf = (req: Request) =>
    Object.entries(parseCookie(req.get("cookie") ?? "")).filter(([name]) => name.startsWith(prefix));

  /** Forgets what does not fit beside a new cookie, the oldest first, and what cannot be read. */
  async function makeRoom(req: Request, res: Response, newBytes: number): Promise<void> {
    const known = await Promise.all(
      cookiesOf(req).map(async ([name, value = ""]) => ({
        name,
        bytes: name.length + value.length,
        login: await decode(value),
      })),
    );
    let room = MAX_COOKIES_BYTES - newBytes;
    for (const { name, bytes, login } of known.sort((a, b) => (b.login?.at ?? 0) - (a.login?.at ?? 0))) {
      room -= bytes;
      if (!login || room < 0) res.clearCookie(name, cookieOptions);
    }
  }

  return {
    async begin(req, res, options) {
      const login: PendingLogin = {
        state: randomBytes(16).toString("base64url"),
        nonce: randomBytes(16).toString("base64url"),
        codeVerifier: randomBytes(32).toString("base64url"),
        ...options,
        at: Date.now(),
      };
      const name = prefix + login.state;
      const value = await encrypt(JSON.stringify(login));
      await makeRoom(req, res, name.length + value.length);
      res.cookie(name, value, { ...cookieOptions, maxAge: COOKIE_LIFETIME_MS });
      return login;
    },
    async find(req) {
      const { state } = req.query;
      if (typeof state !== "string") return undefined;
      const login = await decode(parseCookie(req.get("cookie") ?? "")[prefix + state]);
      return login?.state === state ? login : undefined;
    },
    forget(res, { state }) {
      res.clearCookie(prefix + state, cookieOptions);
    },
    forgetAll(req, res) {
      for (const [name] of cookiesOf(req)) res.clearCookie(name, cookieOptions);
    },
  };
}
