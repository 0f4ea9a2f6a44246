import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { loadServer } from "../../../app/demo/identity-provider/load-server.js";
import { cliClientId, issuerPath, settingsFrom } from "../../../app/demo/identity-provider/options.js";
import { generateSigningKey } from "../../../app/demo/identity-provider/tokens/keys.js";
import { freePort } from "../stack/stack.js";

/** The stand-in for Okta, at an address of its own, which a test takes away and gives back: same keys, same people. */
export class OwnOkta {
  readonly #port: number;
  readonly #serve: RequestListener;
  readonly #client: { clientId: string; clientSecret: string };
  #server: Server | undefined;
  #hanging = false;

  private constructor(port: number, serve: RequestListener, client: { clientId: string; clientSecret: string }) {
    this.#port = port;
    this.#serve = serve;
    this.#client = client;
  }

  /** Makes one for the app at a base URL. It does not listen yet. */
  static async create(appBaseUrl: string): Promise<OwnOkta> {
    const port = await freePort();
    const client = { clientId: "own-okta", clientSecret: "a secret of nobody's" };
    const settings = settingsFrom({ ...client, appBaseUrl }, `http://localhost:${port}${issuerPath}`);
    const [key, { createServerApp }] = await Promise.all([generateSigningKey(), loadServer()]);
    return new OwnOkta(port, createServerApp(settings, key), client);
  }

  get issuer(): string {
    return `http://localhost:${this.#port}${issuerPath}`;
  }

  /** The app's settings for it. */
  get env(): NodeJS.ProcessEnv {
    const { clientId, clientSecret } = this.#client;
    return { OKTA_ISSUER: this.issuer, OKTA_CLIENT_ID: clientId, OKTA_CLIENT_SECRET: clientSecret };
  }

  /** Begins to listen, and to answer. */
  async open(): Promise<void> {
    this.#hanging = false;
    if (this.#server) return;
    this.#server = createServer((req, res) => {
      if (!this.#hanging) this.#serve(req, res);
    });
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Takes connections and requests, and answers none of them. */
  async hang(): Promise<void> {
    await this.open();
    this.#hanging = true;
  }

  /** Nobody listens any more, and nobody is connected. */
  async die(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** An access token for somebody. It must be listening. */
  async token(login: string): Promise<string> {
    const response = await fetch(`${this.issuer}/v1/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "password",
        username: login,
        password: "any",
        scope: "openid profile email",
        client_id: cliClientId,
      }),
    });
    const { access_token } = (await response.json()) as { access_token: string };
    return access_token;
  }
}
