import { randomBytes, timingSafeEqual } from "node:crypto";
import type { JWK } from "jose";
import { newId } from "../model/identifiers.js";
import { OktaError } from "../okta-error.js";

/** The scopes of the API that the stand-in has. */
export const apiScopes = [
  "okta.users.read",
  "okta.users.manage",
  "okta.groups.read",
  "okta.groups.manage",
  "okta.logs.read",
] as const;

export type ApiScope = (typeof apiScopes)[number];

/** An API services app, with which a server calls the API in its own name. */
export interface ServiceApp {
  readonly clientId: string;
  /** The public key of its assertions. */
  readonly publicKey: JWK;
  /** The scopes that an administrator has granted it. */
  readonly scopes: readonly ApiScope[];
}

const TOKEN_LIFETIME_SECONDS = 3600;

/** Who may call the API: the holder of the API token, and service apps with an access token. */
export class ApiCredentials {
  /** May do everything, like the token of a super administrator. */
  readonly apiToken: string;
  readonly serviceApp: ServiceApp | undefined;
  readonly #accessTokens = new Map<string, { readonly scopes: readonly ApiScope[]; readonly expiresAt: number }>();

  /** @param options - `apiToken`: default: a new one; `serviceApp`: default: none */
  constructor({ apiToken, serviceApp }: { readonly apiToken?: string; readonly serviceApp?: ServiceApp }) {
    this.apiToken = apiToken ?? newId("00T") + randomBytes(16).toString("hex");
    this.serviceApp = serviceApp;
  }

  /** Makes an access token of the service app. */
  issueAccessToken(scopes: readonly ApiScope[]): { token: string; expiresInSeconds: number } {
    const now = Date.now();
    for (const [token, { expiresAt }] of this.#accessTokens) if (expiresAt <= now) this.#accessTokens.delete(token);
    const token = randomBytes(32).toString("base64url");
    this.#accessTokens.set(token, { scopes, expiresAt: now + TOKEN_LIFETIME_SECONDS * 1000 });
    return { token, expiresInSeconds: TOKEN_LIFETIME_SECONDS };
  }

  /** Makes all access tokens useless, as when an administrator has revoked them. */
  revokeAccessTokens(): void {
    this.#accessTokens.clear();
  }

  /**
   * @param authorization - the request's header `Authorization`
   * @throws OktaError 401 when it holds no valid token, 403 when the token does not have the scope
   */
  check(authorization: string | undefined, scope: ApiScope): void {
    const [scheme = "", token = ""] = authorization?.split(" ") ?? [];
    if (scheme === "SSWS" && isSame(token, this.apiToken)) return;
    const access = scheme === "Bearer" ? this.#accessTokens.get(token) : undefined;
    if (!access || access.expiresAt <= Date.now()) throw new OktaError(401, "E0000011", "Invalid token provided");
    if (!access.scopes.includes(scope)) {
      throw new OktaError(403, "E0000006", "You do not have permission to perform the requested action");
    }
  }
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
