import { cliClientId } from "./options.js";
import { endpoints } from "./paths.js";

const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Requests an access token for a demo user from a running stand-in, with the resource owner password grant (RFC 6749,
 * section 4.3).
 *
 * @param issuer - the stand-in's issuer identifier; slashes at its end are ignored
 * @param login - the user's login
 * @param apiScope - a scope that the token must have besides those of OpenID Connect
 * @throws Error when nothing answers at the issuer within 10 s, or when it issues no token
 */
export async function requestToken(issuer: string, login: string, apiScope?: string): Promise<string> {
  const response = await post(`${issuer.replace(/\/+$/, "")}${endpoints.token}`, {
    grant_type: "password",
    username: login,
    password: "any",
    scope: ["openid profile email groups", apiScope].filter(Boolean).join(" "),
    client_id: cliClientId,
  });
  const body: unknown = await response.json().catch(() => undefined);
  const { access_token: token, error, error_description: description } = (body ?? {}) as Record<string, unknown>;
  if (response.ok && typeof token === "string") return token;
  throw new Error(`${issuer} gave no token: ${description ?? error ?? `HTTP status ${response.status}`}.`);
}

async function post(url: string, form: Record<string, string>): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      body: new URLSearchParams(form),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch (cause) {
    throw new Error(`No demo answers at ${url}: start it with npm start.`, { cause });
  }
}
