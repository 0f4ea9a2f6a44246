import { createHash, randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import express from "express";
import { CompactSign, decodeJwt, exportJWK, exportSPKI, type JWK } from "jose";
import { closeServer, listen } from "../../../app/demo/identity-provider/listen.js";
import { endpoints, issuerPath } from "../../../app/demo/identity-provider/paths.js";
import { accessTokenAudience } from "../../../app/demo/identity-provider/tokens/access-token.js";
import { generateSigningKey, type SigningKey } from "../../../app/demo/identity-provider/tokens/keys.js";
import { accessTokenHash } from "./access-token-hash.js";

/** The claims of a token, or of userinfo. */
export type Claims = Record<string, unknown>;

/** The client and the scopes of access tokens, unless a test says otherwise. */
export const apiClient = { cid: "0oa1api", scp: ["openid", "contacts"] };

/** The claims of an account, by where the authorization server puts them. */
export interface Account {
  readonly idToken?: Claims;
  readonly accessToken?: Claims;
  /** Default: the ID token's. */
  readonly userinfo?: Claims;
}

/** A request that the authorization server received. */
export interface ReceivedRequest {
  /** Relative to the issuer. */
  readonly path: string;
  /** Query and form fields. */
  readonly params: Readonly<Record<string, string>>;
}

/** What a code was issued for. */
interface Authorized {
  readonly account: Account;
  readonly nonce: string | undefined;
  readonly codeChallenge: string | undefined;
}

/**
 * An authorization server that puts any claims that a test wants into its tokens. It asks for no credentials and sets no
 * cookies: the account that logs in is the one that `/login?login_hint=` names.
 *
 * It shares paths, keys, audience and listening with the demo's identity provider, and nothing more. That one is built on
 * oidc-provider, which needs cookies and a sign-in page for a login, answers at userinfo only for tokens that it has
 * stored, drops claims that no scope names, and sets the registered claims itself.
 */
export class Issuer {
  /** Accounts by login hint. */
  readonly accounts = new Map<string, Account>();
  /** Every request so far, except those for discovery and keys. */
  readonly requests: ReceivedRequest[] = [];
  /** What the token endpoint waits for. */
  tokensReady: Promise<unknown> = Promise.resolve();
  /** Another site through which browsers are sent on the way to a login or a logout. It gets the address in `to`. */
  detour: string | undefined;
  /** How often it was asked what it is. */
  discoveryRequests = 0;
  /** How often the keys were fetched. */
  keyRequests = 0;
  /** Whether the keys can be fetched. */
  areKeysAvailable = true;
  /** Whether userinfo works. */
  isUserinfoAvailable = true;
  /** Whether a code is exchanged only for the client that can prove that it requested it (RFC 7636). */
  isPkceRequired = true;
  readonly issuer: string;
  /** The app's settings for this authorization server. */
  readonly settings: { OKTA_ISSUER: string; OKTA_CLIENT_ID: string; OKTA_CLIENT_SECRET: string };
  /** Id of the signing key. */
  readonly kid: string;
  /** The public key in PEM. */
  readonly publicPem: string;
  readonly #server: Server;
  readonly #key: SigningKey;
  readonly #publicJwks: JWK[];
  readonly #codes = new Map<string, Authorized>();
  /** Claims by access token. */
  readonly #userinfo = new Map<string, Claims>();

  static async start(): Promise<Issuer> {
    const key = await generateSigningKey();
    const server = createServer();
    const port = await listen(server);
    return new Issuer(server, port, key, await publicJwkOf(key), await exportSPKI(key.publicKey));
  }

  private constructor(server: Server, port: number, key: SigningKey, publicJwk: JWK, publicPem: string) {
    this.#server = server;
    this.#key = key;
    this.#publicJwks = [publicJwk];
    this.kid = key.kid;
    this.publicPem = publicPem;
    this.issuer = `http://localhost:${port}${issuerPath}`;
    this.settings = { OKTA_ISSUER: this.issuer, OKTA_CLIENT_ID: "0oa1test", OKTA_CLIENT_SECRET: "a-test-secret" };
    server.on("request", this.#app());
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }

  /**
   * Makes another signing key, for {@link sign}.
   *
   * @returns the key, and the function that publishes it beside the others
   */
  async newKey(): Promise<{ key: SigningKey; publish: () => void }> {
    const key = await generateSigningKey();
    const jwk = await publicJwkOf(key);
    return { key, publish: () => this.#publicJwks.push(jwk) };
  }

  /** Signs claims exactly as they are, with the issuer's key and `kid` unless the header or the key says otherwise. */
  sign(claims: Claims, header: Record<string, unknown> = {}, key = this.#key): Promise<string> {
    return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg: "RS256", kid: key.kid, ...header })
      .sign(key.privateKey);
  }

  /**
   * An access token that is valid unless the claims make it invalid. A claim that is `undefined` is left out.
   *
   * @param userinfo - what userinfo answers to the token; left out, userinfo refuses it
   * @param key - what signs it; default: the issuer's key
   */
  async accessToken(claims: Claims, userinfo?: Claims, key = this.#key): Promise<string> {
    const standard = { ...this.#standardClaims(accessTokenAudience), ver: 1, ...apiClient, jti: randomUUID() };
    const token = await this.sign({ ...standard, ...claims }, {}, key);
    if (userinfo) this.#userinfo.set(token, userinfo);
    return token;
  }

  #standardClaims(aud: string): Claims {
    const now = Math.floor(Date.now() / 1000);
    return { iss: this.issuer, aud, iat: now, exp: now + 3_600 };
  }

  #app(): express.Express {
    const app = express();
    const router = express.Router();
    app.use(issuerPath, express.urlencoded({ extended: false }), router);
    // Of the organization, which signs what it sends by itself.
    app.get("/oauth2/v1/keys", (_req, res) => {
      res.json({ keys: this.#publicJwks });
    });

    router.get("/.well-known/openid-configuration", (_req, res) => {
      this.discoveryRequests++;
      res.json({
        issuer: this.issuer,
        authorization_endpoint: this.issuer + endpoints.authorization,
        token_endpoint: this.issuer + endpoints.token,
        jwks_uri: this.issuer + endpoints.jwks,
        userinfo_endpoint: this.issuer + endpoints.userinfo,
        revocation_endpoint: this.issuer + endpoints.revocation,
        end_session_endpoint: this.issuer + endpoints.end_session,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
      });
    });
    router.get(endpoints.jwks, (_req, res) => {
      this.keyRequests += 1;
      if (this.areKeysAvailable) res.json({ keys: this.#publicJwks });
      else res.status(500).end();
    });

    router.use((req, _res, next) => {
      this.requests.push({ path: req.path, params: { ...(req.query as Record<string, string>), ...req.body } });
      next();
    });
    router.get([endpoints.authorization, endpoints.end_session], (req, res, next) => {
      if (!this.detour || req.query.detoured) return next();
      const to = `${new URL(this.issuer).origin}${req.originalUrl}&detoured=1`;
      res.redirect(`${this.detour}?${new URLSearchParams({ to })}`);
    });
    router.get(endpoints.authorization, (req, res) => {
      const {
        login_hint,
        nonce,
        state,
        redirect_uri,
        code_challenge: codeChallenge,
      } = req.query as Record<string, string>;
      const account = this.accounts.get(login_hint ?? "");
      const code = randomUUID();
      if (account) this.#codes.set(code, { account, nonce, codeChallenge });
      const answer = account ? { code } : { error: "access_denied", error_description: "Nobody of this name." };
      res.redirect(`${redirect_uri}?${new URLSearchParams({ ...answer, state: state ?? "" })}`);
    });
    router.post(endpoints.token, async (req, res) => {
      await this.tokensReady;
      const authorized = this.#codes.get(req.body.code);
      this.#codes.delete(req.body.code);
      const challenge = createHash("sha256").update(String(req.body.code_verifier)).digest("base64url");
      if (!authorized || (this.isPkceRequired && challenge !== authorized.codeChallenge)) {
        res.status(400).json({ error: "invalid_grant" });
        return;
      }
      const { account, nonce } = authorized;
      const access_token = await this.accessToken(account.accessToken ?? {}, account.userinfo ?? account.idToken ?? {});
      const id_token = await this.sign({
        ...this.#standardClaims(this.settings.OKTA_CLIENT_ID),
        nonce,
        auth_time: Math.floor(Date.now() / 1000),
        at_hash: accessTokenHash(access_token),
        ...account.idToken,
      });
      res.json({ token_type: "Bearer", expires_in: 3_600, access_token, id_token, scope: "openid profile email" });
    });
    router.get(endpoints.userinfo, (req, res) => {
      const token = (req.get("authorization") ?? "").replace(/^Bearer /, "");
      if (!this.isUserinfoAvailable) res.status(500).end();
      else if (isWithoutOpenid(token))
        res.status(403).set("WWW-Authenticate", 'Bearer error="insufficient_scope"').end();
      else if (this.#userinfo.has(token)) res.json(this.#userinfo.get(token));
      else res.status(401).set("WWW-Authenticate", 'Bearer error="invalid_token"').end();
    });
    router.post(endpoints.revocation, (req, res) => {
      this.#userinfo.delete(req.body.token);
      res.status(200).end();
    });
    router.get(endpoints.end_session, (req, res) => {
      res.redirect(String(req.query.post_logout_redirect_uri));
    });
    return app;
  }
}

async function publicJwkOf({ publicKey, kid }: SigningKey): Promise<JWK> {
  return { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" };
}

/** OpenID Connect Core 1.0, section 5.3: userinfo is for access tokens with the scope `openid`. */
function isWithoutOpenid(token: string): boolean {
  const { scp } = decodeJwt(token);
  return Array.isArray(scp) && !scp.includes("openid");
}
