import express, { type Router } from "express";
import { importJWK, type JWTPayload, jwtVerify } from "jose";
import type { ApiCredentials, ApiScope, ServiceApp } from "./credentials.js";

const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const MAX_ASSERTION_AGE_SECONDS = 3600;

class TokenError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, description: string) {
    super(description);
    this.status = status;
    this.code = code;
  }
}

/**
 * The token endpoint of Okta's org authorization server, `/oauth2/v1/token`: client credentials (RFC 6749, section 4.4)
 * by `private_key_jwt` (RFC 7523, section 2.2), the only way in which Okta gives tokens for its own API to servers.
 */
export function tokenEndpoint(credentials: ApiCredentials, origin: string): Router {
  const router = express.Router();
  const usedAssertions = new Set<string>();

  router.post("/oauth2/v1/token", express.urlencoded({ extended: false }), async (req, res) => {
    res.set("Cache-Control", "no-store");
    try {
      const form = (req.body ?? {}) as Record<string, unknown>;
      if (form.grant_type !== "client_credentials") {
        throw new TokenError(400, "unsupported_grant_type", "The grant type must be client_credentials.");
      }
      const app = await authenticate(form);
      const scopes = grantedScopes(form.scope, app);
      const { token, expiresInSeconds } = credentials.issueAccessToken(scopes);
      res.json({ token_type: "Bearer", expires_in: expiresInSeconds, access_token: token, scope: scopes.join(" ") });
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      res.status(error.status).json({ error: error.code, error_description: error.message });
    }
  });
  return router;

  async function authenticate(form: Record<string, unknown>): Promise<ServiceApp> {
    const { client_assertion_type: type, client_assertion: assertion } = form;
    const app = credentials.serviceApp;
    if (!app || type !== JWT_BEARER || typeof assertion !== "string") throw invalidClient("There is no assertion.");
    const { jti, exp = 0 } = await verified(assertion, app);
    if (exp * 1000 > Date.now() + MAX_ASSERTION_AGE_SECONDS * 1000) throw invalidClient("It expires too late.");
    if (jti !== undefined && usedAssertions.has(jti)) throw invalidClient("It has been used before.");
    if (jti !== undefined) usedAssertions.add(jti);
    return app;
  }

  async function verified(assertion: string, { clientId, publicKey }: ServiceApp): Promise<JWTPayload> {
    try {
      const key = await importJWK(publicKey, publicKey.alg ?? "RS256");
      const { payload } = await jwtVerify(assertion, key, {
        algorithms: ["RS256", "ES256"],
        issuer: clientId,
        subject: clientId,
        audience: `${origin}/oauth2/v1/token`,
        requiredClaims: ["exp"],
      });
      return payload;
    } catch (error) {
      throw invalidClient(error instanceof Error ? error.message : String(error));
    }
  }
}

function grantedScopes(requested: unknown, app: ServiceApp): ApiScope[] {
  const names = typeof requested === "string" ? requested.split(" ").filter(Boolean) : [];
  const granted = app.scopes.filter((scope) => names.includes(scope));
  if (names.length === 0 || granted.length < new Set(names).size) {
    throw new TokenError(400, "invalid_scope", "One or more scopes are not configured for this application.");
  }
  return granted;
}

function invalidClient(reason: string): TokenError {
  return new TokenError(401, "invalid_client", `The client_assertion is invalid. ${reason}`);
}
