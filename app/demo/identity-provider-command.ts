/**
 * Runs the stand-in identity provider alone, for an app that runs elsewhere (docker-compose.yml):
 *
 *     node --import tsx app/demo/identity-provider-command.ts --port 9000 --client-id demo --client-secret demo-secret \
 *       --app-base-url http://localhost:8080
 *
 * It prints one line when it is ready, and stops on SIGTERM or SIGINT.
 */
import { parseArgs } from "node:util";
import { type IdentityProviderOptions, startIdentityProvider } from "./identity-provider/index.js";

const usage = `Usage: node --import tsx app/demo/identity-provider-command.ts
         --client-id <id> --client-secret <secret> --app-base-url <url> [--port <number>] [--host <address>]
         [--api-scope <scope>] [--require-pkce] [--api-token <token>] [--hook-url <url> --hook-secret <secret>]

  --client-id      client id of the web application
  --client-secret  its client secret
  --app-base-url   public base URL of the app, such as http://localhost:8080
  --port           TCP port to listen on; default: a free one
  --host           address to listen on; default: 127.0.0.1
  --api-scope      a scope of an API besides those of OpenID Connect; default: none
  --require-pkce   refuse logins without PKCE
  --api-token      token of the organization's API; default: a new one, which is not told
  --hook-url       where the organization tells of its events; default: nowhere
  --hook-secret    what it sends there in the header Authorization`;

try {
  const standIn = await startIdentityProvider(optionsFrom(process.argv.slice(2)));
  console.log(`Stand-in identity provider ready: ${standIn.issuer}`);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void standIn.stop());
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

/** @throws Error with the usage when an option is missing, unknown or malformed. */
function optionsFrom(args: string[]): IdentityProviderOptions {
  const values = parse(args);
  const { "client-id": clientId, "client-secret": clientSecret, "app-base-url": appBaseUrl, host } = values;
  const { "api-scope": apiScope, "api-token": apiToken, "hook-url": url, "hook-secret": secret } = values;
  if (!clientId || !clientSecret || !appBaseUrl) {
    const missing = (["client-id", "client-secret", "app-base-url"] as const).filter((name) => !values[name]);
    throw new Error(`Missing: ${missing.map((name) => `--${name}`).join(", ")}.\n\n${usage}`);
  }
  if (!url !== !secret) throw new Error(`--hook-url and --hook-secret belong together.\n\n${usage}`);
  return {
    clientId,
    clientSecret,
    appBaseUrl,
    apiScope,
    requirePkce: values["require-pkce"],
    okta: { ...(apiToken ? { apiToken } : {}), ...(url && secret ? { eventHooks: [{ url, secret }] } : {}) },
    ...(values.port === undefined ? {} : { port: portFrom(values.port) }),
    ...(host === undefined ? {} : { host }),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        "client-id": { type: "string" },
        "client-secret": { type: "string" },
        "app-base-url": { type: "string" },
        port: { type: "string" },
        host: { type: "string" },
        "api-scope": { type: "string" },
        "api-token": { type: "string" },
        "hook-url": { type: "string" },
        "hook-secret": { type: "string" },
        "require-pkce": { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

function portFrom(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new Error(`--port must be a number from 0 to 65535, not "${text}".`);
  return port;
}
