import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { z } from "zod";
import type { OktaRequest } from "../../auth/okta-request.js";
import type { OktaApiCredentials } from "../../config.js";
import { checked } from "./shapes.js";

const SCOPES = ["okta.users.read", "okta.groups.read", "okta.logs.read"];
const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** Okta takes assertions that end within an hour. */
const ASSERTION_LIFETIME = "5 minutes";
/** A token is not used any more so shortly before its end, or in the last tenth of its life if that is shorter. */
const MAX_MARGIN_MS = 60_000;

const tokenShape = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

/** Sends a request that is made anew for each attempt. Gives the body of the answer. */
type Send = (url: URL, request: () => Promise<OktaRequest>) => Promise<unknown>;

type ServiceApp = Exclude<OktaApiCredentials, { readonly token: string }>;

interface AccessToken {
  readonly authorization: string;
  /** By `performance.now()`, in ms. */
  readonly usableUntil: number;
}

/**
 * What requests to Okta's API carry as `Authorization`: an API token, or an access token of the services app. Access
 * tokens come from the org authorization server, by client credentials with `private_key_jwt` (Okta, "Implement OAuth for
 * Okta with a service app"; RFC 6749, section 4.4; RFC 7523, section 2.2). They are used until shortly before their end.
 */
export class ApiAuthorization {
  readonly #tokenUrl: URL;
  readonly #credentials: OktaApiCredentials;
  readonly #send: Send;
  #current: AccessToken | undefined;
  /** All requests that need a new one wait for the same. */
  #pending: Promise<AccessToken> | undefined;

  constructor(org: string, credentials: OktaApiCredentials, send: Send) {
    this.#tokenUrl = new URL("/oauth2/v1/token", org);
    this.#credentials = credentials;
    this.#send = send;
  }

  /** Whether Okta may accept another one when it has not accepted one. */
  get isRenewable(): boolean {
    return !("token" in this.#credentials);
  }

  /**
   * @param refused - what an earlier call has returned and Okta has not accepted
   * @throws OktaApiError when Okta gives no access token
   */
  async get(refused?: string): Promise<string> {
    if ("token" in this.#credentials) return `SSWS ${this.#credentials.token}`;
    const { authorization, usableUntil = 0 } = this.#current ?? {};
    if (authorization && authorization !== refused && performance.now() < usableUntil) return authorization;
    this.#pending ??= this.#request(this.#credentials).finally(() => {
      this.#pending = undefined;
    });
    this.#current = await this.#pending;
    return this.#current.authorization;
  }

  async #request(app: ServiceApp): Promise<AccessToken> {
    const askedAt = performance.now();
    const body = await this.#send(this.#tokenUrl, async () => ({ method: "POST", body: await this.#form(app) }));
    const { access_token: token, expires_in: seconds } = checked(tokenShape, body, "token");
    const lifetimeMs = seconds * 1_000;
    const usableUntil = askedAt + lifetimeMs - Math.min(MAX_MARGIN_MS, lifetimeMs / 10);
    return { authorization: `Bearer ${token}`, usableUntil };
  }

  async #form({ clientId, privateKey: { key, algorithm, keyId } }: ServiceApp): Promise<URLSearchParams> {
    // Without the time of issue: Okta would refuse it where this clock is ahead.
    const assertion = await new SignJWT()
      .setProtectedHeader({ alg: algorithm, typ: "JWT", ...(keyId === undefined ? {} : { kid: keyId }) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(this.#tokenUrl.href)
      .setExpirationTime(ASSERTION_LIFETIME)
      .setJti(randomUUID())
      .sign(key);
    return new URLSearchParams({
      grant_type: "client_credentials",
      scope: SCOPES.join(" "),
      client_assertion_type: JWT_BEARER,
      client_assertion: assertion,
    });
  }
}
