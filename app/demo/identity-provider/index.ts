import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { loadServer } from "./load-server.js";
import { cliClientId, type IdentityProviderOptions, issuerPath, settingsFrom } from "./options.js";
import { generateSigningKey } from "./tokens/keys.js";

export type { IdentityProviderOptions } from "./options.js";

/** A running stand-in. */
export interface IdentityProvider {
  /** The issuer identifier: `http://localhost:<port>/oauth2/default`. */
  readonly issuer: string;
  /** The client that may use the password grant. It is public: without a secret. */
  readonly cli: { readonly clientId: string; readonly clientSecret?: string };
  /** Stops listening and closes all connections at once. Safe to call more than once. */
  stop(): Promise<void>;
}

/**
 * Starts the stand-in: an OpenID Connect provider in this process, shaped like an Okta custom authorization server, for
 * local use without an Okta account. Everybody who can reach it can be anybody. Its key, sessions and tokens are in
 * memory and gone when it stops.
 *
 * @throws Error when the port is taken or not allowed, or an option is missing or malformed.
 */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  // Settings are checked before anything is opened; the port that the issuer names is known only afterwards.
  settingsFrom(options, "");
  const [key, { createServerApp }] = await Promise.all([generateSigningKey(), loadServer()]);

  const server = createServer();
  const port = await listen(server, options);
  const settings = settingsFrom(options, `http://localhost:${port}${issuerPath}`);
  server.on("request", createServerApp(settings, key));

  let stopped: Promise<void> | undefined;
  return {
    issuer: settings.issuer,
    cli: { clientId: cliClientId },
    stop: () => (stopped ??= close(server)),
  };
}

async function listen(server: Server, { port = 0, host = "127.0.0.1" }: IdentityProviderOptions): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new Error(explain(cause as NodeJS.ErrnoException, host, port), { cause });
  }
  return (server.address() as AddressInfo).port;
}

function explain({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  const what = `The stand-in identity provider cannot listen on ${host}:${port}`;
  if (code === "EADDRINUSE") return `${what}: the port is in use. Stop what uses it, or choose another port.`;
  if (code === "EACCES") return `${what}: not allowed. Choose a port above 1023.`;
  return `${what}: ${message}`;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  // Browsers and HTTP clients keep idle connections open; waiting for them would take their time, not ours.
  server.closeAllConnections();
  await closed;
}
