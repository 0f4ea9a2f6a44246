import { createServer, type RequestListener, type Server } from "node:http";
import { closeServer, listen } from "../../../app/demo/identity-provider/listen.js";
import { loadServer } from "../../../app/demo/identity-provider/load-server.js";
import { settingsFrom } from "../../../app/demo/identity-provider/options.js";
import { issuerPath } from "../../../app/demo/identity-provider/paths.js";
import { requestToken } from "../../../app/demo/identity-provider/request-token.js";
import { SessionTokens } from "../../../app/demo/identity-provider/session-tokens.js";
import { generateSigningKey } from "../../../app/demo/identity-provider/tokens/keys.js";
import { createOktaOrg } from "../../../app/demo/okta-org/index.js";
import { UniversalLogout } from "../../../app/demo/okta-org/universal-logout.js";
import { freePort } from "../network/free-port.js";

const client = { clientId: "interruptible-okta", clientSecret: "a secret for tests" };

/**
 * The demo's identity provider as an Okta that a test stops, hangs and starts again, always at the same address and
 * with the same keys, users and tokens.
 */
export class InterruptibleOkta {
  readonly issuer: string;
  readonly #port: number;
  readonly #handle: RequestListener;
  #server: Server | undefined;
  #isHanging = false;

  private constructor(issuer: string, port: number, handle: RequestListener) {
    this.issuer = issuer;
    this.#port = port;
    this.#handle = handle;
  }

  /** Creates one for the app at a base URL. It does not listen yet. */
  static async create(appBaseUrl: string): Promise<InterruptibleOkta> {
    const port = await freePort();
    const issuer = `http://localhost:${port}${issuerPath}`;
    const [key, { createServerApp }] = await Promise.all([generateSigningKey(), loadServer()]);
    const settings = settingsFrom({ ...client, appBaseUrl, requirePkce: true }, issuer);
    const { origin } = new URL(issuer);
    const url = `${settings.appBaseUrl}/okta/global-token-revocation`;
    const logout = new UniversalLogout(origin, key, { clientId: settings.clientId, endpoint: url, url });
    const tokens = new SessionTokens();
    return new InterruptibleOkta(issuer, port, createServerApp(settings, key, createOktaOrg(origin), logout, tokens));
  }

  /** The app's settings for it. */
  get env(): NodeJS.ProcessEnv {
    return { OKTA_ISSUER: this.issuer, OKTA_CLIENT_ID: client.clientId, OKTA_CLIENT_SECRET: client.clientSecret };
  }

  /** Listens, and answers requests. */
  async start(): Promise<void> {
    this.#isHanging = false;
    if (this.#server) return;
    this.#server = createServer((req, res) => {
      if (!this.#isHanging) this.#handle(req, res);
    });
    await listen(this.#server, { port: this.#port });
  }

  /** Listens and accepts requests, and answers none of them. */
  async hang(): Promise<void> {
    await this.start();
    this.#isHanging = true;
  }

  /** Stops listening and closes all connections. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server) await closeServer(server);
  }

  /** An access token for a demo user. It must be running. */
  token(login: string): Promise<string> {
    return requestToken(this.issuer, login);
  }
}
