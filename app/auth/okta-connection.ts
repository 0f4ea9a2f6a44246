import { setTimeout } from "node:timers/promises";
import oktaMiddleware, { type ExpressOIDC } from "@okta/oidc-middleware";
import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import type { Logger } from "pino";
import type { OktaSettings } from "../config.js";
import { withDeadline } from "../deadline.js";
import { issuerCheck, withoutHttpsWarning } from "./http-issuer.js";
import { loginPaths } from "./login-paths.js";
import { OktaUnavailableError } from "./okta-unavailable.js";
import { saveSession } from "./session.js";

const OKTA_TIMEOUT_MS = 5_000;
const FIRST_RETRY_DELAY_MS = 1_000;
const MAX_RETRY_DELAY_MS = 5_000;

/**
 * A connection to Okta that recovers. Okta's middleware discovers its authorization server once, in its constructor, and
 * never works if that fails. This class makes instances until one of them works.
 */
export class OktaConnection {
  readonly #settings: OktaSettings;
  readonly #baseUrl: string;
  // Okta's middleware is typed for Express 4, hence the casts of handlers in this file.
  readonly #onCallback: ErrorRequestHandler;
  readonly #logger: Logger;
  readonly #stopped = new AbortController();
  /** Resolves when the first attempt to discover Okta has succeeded or failed. */
  readonly firstAttempt: Promise<void>;
  #firstAttemptEnded = () => {};
  #oidc: ExpressOIDC | undefined;

  /**
   * @param onCallback - called when the browser is back from Okta: with an error, or with none once the user is logged in
   * @throws Error when Okta's middleware finds the settings wrong
   */
  constructor(options: { settings: OktaSettings; baseUrl: string; onCallback: ErrorRequestHandler; logger: Logger }) {
    this.#settings = options.settings;
    this.#baseUrl = options.baseUrl;
    this.#onCallback = options.onCallback;
    this.#logger = options.logger;
    this.firstAttempt = new Promise((resolve) => {
      this.#firstAttemptEnded = resolve;
    });
    this.#discover(FIRST_RETRY_DELAY_MS);
  }

  /**
   * Sends a browser to Okta, or takes it back from there, at the paths of {@link loginPaths}.
   *
   * Throws {@link OktaUnavailableError} while Okta has not been discovered, and when a login begins and it does not answer.
   */
  readonly router: RequestHandler = async (req, res, next) => {
    if (req.path === loginPaths.login) await this.#prepareLogin(req);
    if (!this.#oidc) throw new OktaUnavailableError();
    (this.#oidc.router as unknown as RequestHandler)(req, res, next);
  };

  /** While Okta is down, the browser stays here and gets our error page. The callback needs the stored session. */
  async #prepareLogin(req: Request): Promise<void> {
    await this.ping();
    await saveSession(req);
  }

  /**
   * Revokes the tokens of a login whose session has just been ended, and sends the browser to end Okta's session too.
   * While Okta does not answer, it goes to the start page instead.
   *
   * @param login - what passport kept in the session
   */
  async logout(req: Request, res: Response, login: { tokens: object } | undefined): Promise<void> {
    try {
      if (login) return await this.#logoutAtOkta(req, res, login);
    } catch (err) {
      this.#logger.warn({ requestId: req.id, err }, "logged out here, but not at Okta");
    }
    res.redirect(loginPaths.afterLogout);
  }

  async #logoutAtOkta(req: Request, res: Response, login: { tokens: object }): Promise<void> {
    await this.ping();
    // Okta's logout expects both from passport. The session has ended already, so `logout` has nothing to do.
    Object.assign(req, { userContext: login, logout: (done: () => void) => done() });
    const logout = this.#oidc?.forceLogoutAndRevoke() as unknown as (
      ...handled: Parameters<RequestHandler>
    ) => Promise<void>;
    // Without a deadline it waits for ever until the tokens are revoked.
    await withDeadline(
      logout(req, res, () => {}),
      OKTA_TIMEOUT_MS,
      () => new OktaUnavailableError(),
    );
  }

  /**
   * Resolves when Okta has been discovered and answers now.
   *
   * @throws {@link OktaUnavailableError} otherwise
   */
  async ping(): Promise<void> {
    if (!this.#oidc) throw new OktaUnavailableError();
    const response = await fetch(`${this.#settings.issuer}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(OKTA_TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new OktaUnavailableError({ cause });
    });
    await response.body?.cancel();
    if (!response.ok) throw new OktaUnavailableError();
  }

  /** Stops the attempts to discover Okta. */
  close(): void {
    this.#stopped.abort();
  }

  #discover(retryIn: number): void {
    const { issuer, clientId, clientSecret } = this.#settings;
    const options: ExpressOIDC.ConfigurationOptions = {
      issuer,
      client_id: clientId,
      client_secret: clientSecret,
      appBaseUrl: this.#baseUrl,
      // Groups need no scope: their claim is included in any. Okta refuses a scope that it does not know.
      scope: "openid profile email",
      timeout: OKTA_TIMEOUT_MS,
      testing: issuerCheck(issuer),
      routes: {
        login: { path: loginPaths.login },
        loginCallback: {
          path: loginPaths.callback,
          handler: this.#onCallback as unknown as ExpressOIDC.LoginCallbackHandler,
        },
        logoutCallback: { path: loginPaths.afterLogout },
      },
    };
    const oidc = withoutHttpsWarning(() => new oktaMiddleware.ExpressOIDC(options));
    oidc.on("ready", () => {
      this.#oidc = oidc;
      this.#firstAttemptEnded();
      this.#logger.info({ issuer }, "Okta discovered");
    });
    oidc.on("error", (error) => {
      this.#logger.warn({ issuer, error: error.message }, "Okta reports an error");
      // After discovery, errors concern single requests, such as a token that could not be revoked.
      this.#firstAttemptEnded();
      if (!this.#oidc) this.#retry(retryIn);
    });
  }

  async #retry(delay: number): Promise<void> {
    try {
      await setTimeout(delay, undefined, { signal: this.#stopped.signal, ref: false });
    } catch {
      return;
    }
    this.#discover(Math.min(delay * 2, MAX_RETRY_DELAY_MS));
  }
}
