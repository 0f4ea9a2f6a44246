/**
 * Prints an access token of a demo user, and nothing else, on the standard output:
 *
 *     curl -H "Authorization: Bearer $(npm run -s token -- uma@example.com)" http://localhost:8080/contacts
 *
 * It needs a running demo. What goes wrong is said on the standard error, with exit code 1.
 */
import { parseArgs } from "node:util";
import { loadConfig } from "../config.js";
import { type DemoState, readDemoState } from "./demo-state.js";
import { cliClientId } from "./identity-provider/options.js";
import { demoUsers } from "./users.js";

const people = demoUsers.map(({ login, purpose }) => `  ${login}  ${purpose}`).join("\n");
const usage = `Usage: npm run -s token -- <e-mail> [--data-dir <folder>] [--issuer <url>]

Prints an access token of a demo user for the demo that is running:
${people}

  --data-dir  the demo's data folder; default: DATA_DIR, or ./data
  --issuer    a stand-in identity provider that runs alone, such as http://localhost:9000/oauth2/default`;

try {
  console.log(await tokenFor(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function tokenFor(args: string[]): Promise<string> {
  const { login, dataDir, issuer } = parse(args);
  if (!demoUsers.some((user) => user.login === login)) {
    throw new Error(`There is no demo user ${login}. There are:\n${people}`);
  }
  const state = await readDemoState(dataDir);
  if (issuer !== undefined) return requestToken({ issuer, cli: state?.cli ?? { clientId: cliClientId } }, login);
  if (!state) throw new Error(`No demo is running with the data folder ${dataDir}: start it with npm start.`);
  return requestToken(state, login);
}

function parse(args: string[]): { login: string; dataDir: string; issuer: string | undefined } {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { "data-dir": { type: "string", default: loadConfig().dataDir }, issuer: { type: "string" } },
    });
    const [login, ...rest] = positionals;
    if (login === undefined || rest.length > 0) throw new Error("Give one e-mail address.");
    return { login: login.toLowerCase(), dataDir: values["data-dir"], issuer: values.issuer };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

/** Asks for a token with the resource owner password grant (RFC 6749, section 4.3). */
async function requestToken({ issuer, cli }: DemoState, login: string): Promise<string> {
  const form = new URLSearchParams({
    grant_type: "password",
    username: login,
    password: "any",
    scope: "openid profile email groups",
    client_id: cli.clientId,
  });
  const headers = new Headers();
  if (cli.clientSecret !== undefined) headers.set("Authorization", basic(cli.clientId, cli.clientSecret));
  const response = await post(`${issuer.replace(/\/+$/, "")}/v1/token`, { headers, body: form });
  const body: unknown = await response.json().catch(() => undefined);
  const { access_token: token, error, error_description: why } = (body ?? {}) as Record<string, unknown>;
  if (response.ok && typeof token === "string") return token;
  throw new Error(`${issuer} gave no token: ${why ?? error ?? `HTTP status ${response.status}`}.`);
}

/** Client authentication as RFC 6749, section 2.3.1, has it: both parts are form-encoded first. */
function basic(clientId: string, clientSecret: string): string {
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

async function post(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...request, method: "POST", signal: AbortSignal.timeout(10_000) });
  } catch (cause) {
    throw new Error(`No demo answers at ${url}: start it with npm start.`, { cause });
  }
}
