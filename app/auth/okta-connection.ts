import { setTimeout } from "node:timers/promises";
import oktaMiddleware, { type ExpressOIDC } from "@okta/oidc-middleware";
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from "express";
import type { Logger } from "pino";
import type { OktaSettings } from "../config.js";
import { withDeadline } from "../deadline.js";
import { reusedFor } from "../reused-result.js";
import type { Claims } from "./claims.js";
import { issuerCheck, withoutHttpsWarning } from "./http-issuer.js";
import { authorizationParameters, type PendingLogin } from "./login/pending-login.js";
import { loginPaths } from "./login-paths.js";
import { getFromOkta } from "./okta-request.js";
import { OktaUnavailableError } from "./okta-unavailable.js";

/** Where the strategy in Okta's middleware keeps its record of a login, in the session. */
const STRATEGY_KEY = "okta";

const OKTA_TIMEOUT_MS = 5_000;
/** How long the answer to whether Okta answers is reused, so that not every login asks. */
const PING_LIFETIME_MS = 1_000;
const FIRST_RETRY_DELAY_MS = 1_000;
const MAX_RETRY_DELAY_MS = 5_000;

/**
 * Where a handler of Okta's middleware sends the browser. The handler gets of the response what it uses for that.
 *
 * Okta's middleware is typed for Express 4, hence the casts of handlers in this file.
 */
function redirectOf(handle: (res: Response, next: NextFunction) => unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const res = {
      setHeader: (name: string, value: string) => name === "Location" && resolve(value),
      redirect: resolve,
      end: () => {},
      status: () => {},
    };
    handle(res as unknown as Response, (error) => reject(error ?? new Error("Okta's middleware did not redirect")));
  });
}

/**
 * A connection to Okta that recovers. Okta's middleware discovers its authorization server once, in its constructor, and
 * never works if that fails. This class makes instances until one of them works.
 */
export class OktaConnection {
  readonly #settings: OktaSettings;
  readonly #baseUrl: string;
  /** Called with the outcome of a login, by its request. */
  readonly #callbacks = new WeakMap<Request, (error: unknown) => void>();
  readonly #logger: Logger;
  readonly #stopped = new AbortController();
  /** Resolves when the first attempt to discover Okta has succeeded or failed. */
  readonly firstAttempt: Promise<void>;
  #firstAttemptEnded = () => {};
  #oidc: ExpressOIDC | undefined;

  /**
   * @throws Error when Okta's middleware finds the settings wrong
   */
  constructor(options: { settings: OktaSettings; baseUrl: string; logger: Logger }) {
    this.#settings = options.settings;
    this.#baseUrl = options.baseUrl;
    this.#logger = options.logger;
    this.firstAttempt = new Promise((resolve) => {
      this.#firstAttemptEnded = resolve;
    });
    this.#discover(FIRST_RETRY_DELAY_MS);
  }

  /**
   * Where a browser goes to log in: the authorization request of Okta's middleware, bound to the login by PKCE, a state
   * and a nonce.
   *
   * @param hints - further parameters of the request, such as who probably logs in
   * @throws {@link OktaUnavailableError} while Okta has not been discovered
   */
  async authorizationUrl(req: Request, login: PendingLogin, hints: Readonly<Record<string, string>>): Promise<string> {
    this.#keepRecord(req, undefined);
    const { url: requested, method } = req;
    // At any path, the middleware takes a query with `code` or `state` for the callback. `_body` tells its parser that the
    // body of a form has been read.
    Object.assign(req, { url: loginPaths.login, method: "GET", _body: true });
    const url = new URL(await redirectOf((res, next) => this.#route(req, res, next)));
    Object.assign(req, { url: requested, method });
    for (const [name, value] of Object.entries({ ...authorizationParameters(login), ...hints })) {
      url.searchParams.set(name, value);
    }
    return url.href;
  }

  /**
   * Exchanges the code that Okta has sent along with a browser, checks the ID token, and gives the browser a new session.
   *
   * @param login - what the answer must belong to
   * @returns the claims of ID token and userinfo together
   * @throws {@link OktaUnavailableError} while Okta has not been discovered, or what went wrong otherwise
   */
  async completeLogin(req: Request, res: Response, login: PendingLogin): Promise<Claims> {
    const { state, nonce, codeVerifier, maxAge } = login;
    this.#keepRecord(req, { state, nonce, code_verifier: codeVerifier, max_age: maxAge, response_type: "code" });
    const { url, baseUrl } = req;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#callbacks.set(req, (error) => (error ? reject(error) : resolve()));
        this.#route(req, res, reject);
      });
    } finally {
      // The middleware's router has not been left, which would put them back.
      Object.assign(req, { url, baseUrl });
    }
    const { tokens, userinfo } = req.userContext ?? {};
    if (!tokens) throw new Error("no tokens");
    return { ...userinfo, ...tokens.claims() };
  }

  #route(req: Request, res: Response, next: NextFunction): void {
    if (!this.#oidc) throw new OktaUnavailableError();
    (this.#oidc.router as unknown as RequestHandler)(req, res, next);
  }

  /**
   * Puts the strategy's record of a login where it looks for it. There is one place in a session, for all tabs. So the
   * record is no part of what is stored of the session.
   */
  #keepRecord(req: Request, value: object | undefined): void {
    Object.defineProperty(req.session, STRATEGY_KEY, { value, writable: true, configurable: true, enumerable: false });
  }

  /**
   * Revokes the tokens of a login whose session has just been ended.
   *
   * @param login - the tokens of the login, as passport would keep them in the session
   * @returns where the browser ends Okta's session too; `undefined` while Okta does not answer
   */
  async logout(req: Request, login: { tokens: object }): Promise<string | undefined> {
    try {
      return await this.#logoutAtOkta(req, login);
    } catch (err) {
      this.#logger.warn({ requestId: req.id, err }, "logged out here, but not at Okta");
      return undefined;
    }
  }

  async #logoutAtOkta(req: Request, login: { tokens: object }): Promise<string> {
    await this.#ask();
    // Okta's logout expects both from passport. The session has ended already, so `logout` has nothing to do.
    Object.assign(req, { userContext: login, logout: (done: () => void) => done() });
    const logout = this.#oidc?.forceLogoutAndRevoke() as unknown as (
      ...handled: Parameters<RequestHandler>
    ) => Promise<void>;
    // Without a deadline it waits for ever until the tokens are revoked.
    return withDeadline(
      redirectOf((res, next) => logout(req, res, next).catch(next)),
      OKTA_TIMEOUT_MS,
      () => new OktaUnavailableError(),
    );
  }

  /**
   * Resolves when Okta has been discovered and answers. Okta is asked once a second at most.
   *
   * @throws {@link OktaUnavailableError} otherwise
   */
  readonly ping = reusedFor(PING_LIFETIME_MS, () => this.#ask());

  async #ask(): Promise<void> {
    if (!this.#oidc) throw new OktaUnavailableError();
    const response = await getFromOkta(`${this.#settings.issuer}/.well-known/openid-configuration`, OKTA_TIMEOUT_MS);
    await response.body?.cancel();
    if (!response.ok) throw new OktaUnavailableError();
  }

  /** Called by Okta's middleware when the user is logged in, or with what has failed. It must have four parameters. */
  readonly #onCallback: ErrorRequestHandler = (error, req, _res, _next) => this.#callbacks.get(req)?.(error);

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
      sessionKey: STRATEGY_KEY,
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
