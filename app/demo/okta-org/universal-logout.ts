import { randomUUID } from "node:crypto";
import express, { type Router } from "express";
import { type JWTPayload, SignJWT } from "jose";
import type { SigningKey } from "../identity-provider/tokens/keys.js";
import type { User } from "./model/types.js";

const TYPE = "global-token-revocation+jwt";
const LIFETIME_SECONDS = 300;
const TIMEOUT_MS = 5_000;

/** The application that users are logged out of. */
export interface LogoutReceiver {
  readonly clientId: string;
  /** The address that its tokens are for. */
  readonly endpoint: string;
  /** Where requests go. */
  readonly url: string;
}

/** What a token says in place of what it would say. `undefined` leaves it out. */
export interface LogoutTokenChanges {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signs in place of the organization's key. */
  readonly key?: SigningKey;
}

/** Logs users out of an application, as Okta's Universal Logout does. */
export class UniversalLogout {
  readonly #origin: string;
  readonly #key: SigningKey;
  readonly #app: LogoutReceiver;

  /** @param origin - the organization's */
  constructor(origin: string, key: SigningKey, app: LogoutReceiver) {
    this.#origin = origin;
    this.#key = key;
    this.#app = app;
  }

  /** The organization's public keys, at `/oauth2/v1/keys`. */
  get routes(): Router {
    const router = express.Router();
    const { kty, n, e, kid, alg, use } = this.#key.jwk;
    router.get("/oauth2/v1/keys", (_req, res) => {
      res.json({ keys: [{ kty, n, e, kid, alg, use }] });
    });
    return router;
  }

  /** The token of a request, which is good for one. */
  async token({ header = {}, claims = {}, key = this.#key }: LogoutTokenChanges = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const payload: JWTPayload = {
      jti: randomUUID(),
      iss: this.#origin,
      sub: this.#app.clientId,
      aud: this.#app.endpoint,
      iat: now,
      nbf: now,
      exp: now + LIFETIME_SECONDS,
      ...claims,
    };
    return new SignJWT(payload)
      .setProtectedHeader({ alg: "RS256", typ: TYPE, kid: key.kid, ...header })
      .sign(key.privateKey);
  }

  /** Logs a user out. @returns the application's status; `undefined`: it gave no answer in 5 s */
  async send({ id }: Pick<User, "id">): Promise<number | undefined> {
    const subject = { format: "iss_sub", iss: this.#origin, sub: id };
    try {
      const response = await fetch(this.#app.url, {
        method: "POST",
        headers: { Authorization: `Bearer ${await this.token()}`, "Content-Type": "application/json" },
        body: JSON.stringify({ sub_id: subject }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      return response.status;
    } catch {
      return undefined;
    }
  }
}
