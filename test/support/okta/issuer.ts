import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { CompactSign, type CryptoKey, exportJWK, exportSPKI, generateKeyPair } from "jose";

/** The claims of a token, or of userinfo. */
export type Claims = Record<string, unknown>;

/** What the authorization server says of somebody, and where. */
export interface Account {
  readonly idToken?: Claims;
  readonly accessToken?: Claims;
  readonly userinfo?: Claims;
}

/** A request that the authorization server was sent. */
export interface Seen {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
}

const path = "/oauth2/default";
const kid = "the-test-key";

/**
 * An authorization server that says of anybody whatever a test wants: the stand-in says only what Okta would. It asks
 * nobody for credentials; who logs in is the account that `/login?login_hint=` names.
 */
export class Issuer {
  /** Accounts by login hint. */
  readonly accounts = new Map<string, Account>();
  /** Every request so far, but for discovery and keys. */
  readonly seen: Seen[] = [];
  /** Whether `/v1/userinfo` works. */
  userinfoIsThere = true;
  readonly issuer: string;
  /** The application's, as the app is to know them. */
  readonly settings: { OKTA_ISSUER: string; OKTA_CLIENT_ID: string; OKTA_CLIENT_SECRET: string };
  /** The public key as PEM, which anybody can have. */
  readonly publicPem: string;
  readonly #server: Server;
  readonly #privateKey: CryptoKey;
  readonly #codes = new Map<string, { account: Account; nonce: string | undefined }>();
  readonly #userinfo = new Map<string, Claims>();

  static async start(): Promise<Issuer> {
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const jwk = { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" };
    return new Issuer(server, privateKey, await exportSPKI(publicKey), jwk);
  }

  private constructor(server: Server, privateKey: CryptoKey, publicPem: string, jwk: object) {
    this.#server = server;
    this.#privateKey = privateKey;
    this.publicPem = publicPem;
    this.issuer = `http://localhost:${(server.address() as AddressInfo).port}${path}`;
    this.settings = { OKTA_ISSUER: this.issuer, OKTA_CLIENT_ID: "0oa1test", OKTA_CLIENT_SECRET: "a-test-secret" };
    server.on("request", this.#app(jwk));
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  /** Signs claims exactly as they are, with the issuer's key and `kid` unless the header says otherwise. */
  sign(claims: Claims, header: Record<string, unknown> = {}): Promise<string> {
    return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg: "RS256", kid, ...header })
      .sign(this.#privateKey);
  }

  /**
   * An access token that holds unless the claims say otherwise; a claim that is `undefined` is left out.
   *
   * @param userinfo - what userinfo says of its bearer; left out, userinfo refuses the token
   */
  async accessToken(claims: Claims, userinfo?: Claims): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, exp: now + 3_600 };
    const token = await this.sign({
      iss: this.issuer,
      aud: "api://default",
      ver: 1,
      jti: randomUUID(),
      ...times,
      ...claims,
    });
    if (userinfo) this.#userinfo.set(token, userinfo);
    return token;
  }

  #app(jwk: object): express.Express {
    const app = express();
    const router = express.Router();
    app.use(path, express.urlencoded({ extended: false }), router);

    router.get("/.well-known/openid-configuration", (_req, res) => {
      res.json({
        issuer: this.issuer,
        authorization_endpoint: `${this.issuer}/v1/authorize`,
        token_endpoint: `${this.issuer}/v1/token`,
        jwks_uri: `${this.issuer}/v1/keys`,
        userinfo_endpoint: `${this.issuer}/v1/userinfo`,
        revocation_endpoint: `${this.issuer}/v1/revoke`,
        end_session_endpoint: `${this.issuer}/v1/logout`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
      });
    });
    router.get("/v1/keys", (_req, res) => {
      res.json({ keys: [jwk] });
    });

    router.use((req, _res, next) => {
      this.seen.push({ path: req.path, params: { ...(req.query as Record<string, string>), ...req.body } });
      next();
    });
    router.get("/v1/authorize", (req, res) => {
      const { login_hint, nonce, state, redirect_uri } = req.query as Record<string, string>;
      const account = this.accounts.get(login_hint ?? "");
      const code = randomUUID();
      if (account) this.#codes.set(code, { account, nonce });
      const answer = account ? { code } : { error: "access_denied", error_description: "Nobody of this name." };
      res.redirect(`${redirect_uri}?${new URLSearchParams({ ...answer, state: state ?? "" })}`);
    });
    router.post("/v1/token", async (req, res) => {
      const found = this.#codes.get(req.body.code);
      this.#codes.delete(req.body.code);
      if (!found) {
        res.status(400).json({ error: "invalid_grant" });
        return;
      }
      const { account, nonce } = found;
      const access_token = await this.accessToken(account.accessToken ?? {}, account.userinfo ?? account.idToken ?? {});
      const now = Math.floor(Date.now() / 1000);
      const id_token = await this.sign({
        iss: this.issuer,
        aud: this.settings.OKTA_CLIENT_ID,
        iat: now,
        exp: now + 3_600,
        nonce,
        at_hash: createHash("sha256").update(access_token).digest().subarray(0, 16).toString("base64url"),
        ...account.idToken,
      });
      res.json({ token_type: "Bearer", expires_in: 3_600, access_token, id_token, scope: "openid profile email" });
    });
    router.get("/v1/userinfo", (req, res) => {
      const claims = this.#userinfo.get((req.get("authorization") ?? "").replace(/^Bearer /, ""));
      if (!this.userinfoIsThere) res.status(500).end();
      else if (claims) res.json(claims);
      else res.status(401).set("WWW-Authenticate", 'Bearer error="invalid_token"').end();
    });
    router.post("/v1/revoke", (req, res) => {
      this.#userinfo.delete(req.body.token);
      res.status(200).end();
    });
    router.get("/v1/logout", (req, res) => {
      res.redirect(String(req.query.post_logout_redirect_uri));
    });
    return app;
  }
}
