import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { cliClientId } from "../../../app/demo/identity-provider/options.js";
import { UserAgent, type Visit } from "../http/user-agent.js";

/** The web application that the stand-in knows. */
export const app = { clientId: "0oa1testApp", clientSecret: "test-secret_1", appBaseUrl: "http://localhost:8080" };
/** Its redirect URI. No app listens there. */
export const callback = `${app.appBaseUrl}/authorization-code/callback`;
/** The scopes that the web application requests unless a test says otherwise. */
export const allScopes = "openid profile email groups";

/** A successful answer of the token endpoint (RFC 6749, section 5.1). */
export interface Tokens {
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token?: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope: string;
}

/** The authorization server that a request goes to. */
export interface AuthorizationServer {
  readonly issuer: string;
}

/** The address of an authorization request. `params` add to its parameters or replace them. */
export function authorizeUrl({ issuer }: AuthorizationServer, params: Record<string, string> = {}): string {
  return `${issuer}/v1/authorize?${new URLSearchParams({
    client_id: app.clientId,
    redirect_uri: callback,
    response_type: "code",
    scope: allScopes,
    state: "the-state",
    nonce: "the-nonce",
    ...params,
  })}`;
}

/** Whether an address is one to which the browser returns after a sign-in. */
export function isCallback(url: URL): boolean {
  return url.href.startsWith(callback);
}

/** Signs a user in, up to the address to which the browser returns. */
export async function signIn(
  agent: UserAgent,
  idp: AuthorizationServer,
  login: string,
  params: Record<string, string> = {},
): Promise<Visit> {
  const page = await agent.get(authorizeUrl(idp, params));
  const visit = await agent.post(page.url, { login }, isCallback);
  assert.ok(isCallback(visit.url), `back at the app, and not at ${visit.url}: ${visit.body}`);
  return visit;
}

/** The form with which the code of a callback is exchanged for tokens. */
export function codeForm({ url }: Visit): Record<string, string> {
  const code = url.searchParams.get("code") ?? "";
  return { grant_type: "authorization_code", code, redirect_uri: callback };
}

/** Exchanges the code of a callback for tokens. */
export async function exchange(idp: AuthorizationServer, visit: Visit): Promise<Tokens> {
  const response = await tokenRequest(idp, codeForm(visit));
  assert.equal(response.status, 200);
  return (await response.json()) as Tokens;
}

/** Signs a user in with a new browser, and returns the tokens. */
export async function tokensOf(
  idp: AuthorizationServer,
  login: string,
  params: Record<string, string> = {},
): Promise<Tokens> {
  return exchange(idp, await signIn(new UserAgent(), idp, login, params));
}

/** The claims of the ID token. */
export function idTokenClaims({ id_token: token }: Tokens): Record<string, unknown> {
  return decodeJwt(token);
}

/** Posts to the token endpoint as the web application. */
export function tokenRequest(idp: AuthorizationServer, form: Record<string, string>, client = app): Promise<Response> {
  return authenticated(idp, "/v1/token", form, client);
}

/** Posts to the token endpoint as the public client of the token command. */
export function cliTokenRequest({ issuer }: AuthorizationServer, form: Record<string, string>): Promise<Response> {
  return post(`${issuer}/v1/token`, { client_id: cliClientId, ...form });
}

/** Posts to an endpoint, relative to the issuer, with the credentials of the web application. */
export function authenticated(
  { issuer }: AuthorizationServer,
  path: string,
  form: Record<string, string>,
  client = app,
): Promise<Response> {
  const credentials = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString("base64");
  return post(`${issuer}${path}`, form, { Authorization: `Basic ${credentials}` });
}

function post(url: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: "POST", headers, body: new URLSearchParams(form) });
}

/** The answer of introspection about a token. */
export async function introspect(idp: AuthorizationServer, token: string): Promise<Record<string, unknown>> {
  return jsonOf(await authenticated(idp, "/v1/introspect", { token }));
}

/** The response of userinfo to a token, with any status. */
export function userinfoResponse({ issuer }: AuthorizationServer, token: string): Promise<Response> {
  return fetch(`${issuer}/v1/userinfo`, { headers: { Authorization: `Bearer ${token}` } });
}

/** The claims that userinfo answers to a token. */
export async function userinfo(idp: AuthorizationServer, token: string): Promise<Record<string, unknown>> {
  return jsonOf(await userinfoResponse(idp, token));
}

/** The JSON at an address. */
export async function json(url: string): Promise<Record<string, unknown>> {
  return jsonOf(await fetch(url));
}

async function jsonOf(response: Response): Promise<Record<string, unknown>> {
  assert.equal(response.status, 200);
  return (await response.json()) as Record<string, unknown>;
}
